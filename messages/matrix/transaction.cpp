#include "messages/matrix/transaction.hpp"

#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/json_lists.hpp"

namespace causeway::matrix {
namespace {

fault bad_body(std::string detail) { return {fault_code::bad_json, std::move(detail)}; }

/// Takes the items of both lists, one after the other, and then what is beside them. False: the fault is in `why`.
struct transaction_reader {
  transaction_body out;
  std::size_t pdus = 0, edus = 0; ///< unreadable ones included
  fault why;

  bool fail(fault x) {
    why = std::move(x);
    return false;
  }

  /// The faults end in 400 for the whole transaction, as with other servers.
  bool take(std::string_view list, result<json::value>&& item) {
    return list == "pdus" ? take_pdu(std::move(item)) : take_edu(std::move(item));
  }

  bool take_pdu(result<json::value>&& item) {
    if (++pdus > limits::pdus_per_transaction_max)
      return fail({fault_code::too_large, "pdus: over " + std::to_string(limits::pdus_per_transaction_max)});
    auto* pdu = item ? item->as_object() : nullptr;
    if (pdu) out.pdus.push_back(std::move(*pdu));
    else ++out.unreadable_pdus;
    return true;
  }

  bool take_edu(result<json::value>&& item) {
    if (++edus > limits::edus_per_transaction_max)
      return fail({fault_code::too_large, "edus: over " + std::to_string(limits::edus_per_transaction_max)});
    if (!item) return true;
    const auto* type = item->find_string("edu_type");
    auto* content = item->as_object() ? item->as_object()->find("content") : nullptr;
    if (type && content && content->as_object()) out.edus.push_back({*type, std::move(*content->as_object())});
    return true;
  }

  bool take_rest(const json::value& body) {
    const auto* origin = body.find_string("origin");
    if (!origin || !is_server_name(*origin)) return fail(bad_body("origin: missing or no server name"));
    out.origin = *origin;
    const auto* ts = body.find_integer("origin_server_ts");
    if (!ts) return fail(bad_body("origin_server_ts: not an integer"));
    out.origin_server_ts = *ts;
    // Either may be left out where there are none: servers on ruma before 0.11.1 left out `pdus`, and Synapse takes it.
    for (const auto* list : {"pdus", "edus"})
      if (const auto* x = body.find(list); x && !x->as_array())
        return fail(bad_body(std::string{list} + ": not a list"));
    return true;
  }
};

void write_list(std::string& out, const std::vector<std::string_view>& texts) {
  out += '[';
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (i > 0) out += ',';
    out += texts[i];
  }
  out += ']';
}

} // namespace

result<transaction_body> parse_transaction(std::string_view text) {
  transaction_reader reader;
  const auto take = [&](std::string_view list, result<json::value>&& item) {
    return reader.take(list, std::move(item));
  };
  auto rest = json::parse_lists(text, {"pdus", "edus"}, take, json::values_bound::of_the_document);
  if (!rest) return reader.why.code == fault_code::none ? rest.error() : reader.why;
  if (!reader.take_rest(json::value{std::move(*rest)})) return reader.why;
  return std::move(reader.out);
}

result<transaction_body> transaction_of(json::value body) {
  if (!body.as_object()) return bad_body("a transaction is an object");
  transaction_reader reader;
  if (!reader.take_rest(body)) return reader.why;
  for (const auto* list : {"pdus", "edus"}) {
    auto* items = body.as_object()->find(list);
    if (!items) continue;
    for (auto& item : *items->as_array())
      if (!reader.take(list, std::move(item))) return reader.why;
  }
  return std::move(reader.out);
}

std::string write_transaction(std::string_view origin, std::int64_t origin_server_ts,
                              const std::vector<std::string_view>& pdus, const std::vector<std::string_view>& edus) {
  std::string out;
  constexpr std::size_t keys_bytes = 128;
  auto bytes = keys_bytes + origin.size();
  for (const auto* list : {&pdus, &edus})
    for (const auto x : *list) bytes += x.size() + 1;
  out.reserve(bytes);
  out += '{';
  if (!edus.empty()) {
    out += "\"edus\":";
    write_list(out, edus);
    out += ',';
  }
  out += "\"origin\":";
  json::write_string(out, origin);
  out += ",\"origin_server_ts\":" + std::to_string(origin_server_ts) + ",\"pdus\":";
  write_list(out, pdus);
  out += '}';
  return out;
}

} // namespace causeway::matrix
