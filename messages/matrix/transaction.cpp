#include "messages/matrix/transaction.hpp"

#include "messages/matrix/identifiers.hpp"

namespace causeway::matrix {
namespace {

fault bad(std::string detail) { return {fault_code::bad_json, std::move(detail)}; }

/// The list at `key`; an empty one when it is absent, null when it is something else.
json::array* list_at(json::object& body, std::string_view key, json::array& none) {
  auto* x = body.find(key);
  return x ? x->as_array() : &none;
}

void write_list(std::string& out, const std::vector<std::string_view>& texts) {
  out += '[';
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (i > 0) out += ',';
    out += texts[i];
  }
  out += ']';
}

} // namespace

result<transaction_body> parse_transaction(json::value body) {
  auto* members = body.as_object();
  if (!members) return bad("a transaction is an object");
  transaction_body out;
  const auto* origin = body.find_string("origin");
  if (!origin || !is_server_name(*origin)) return bad("origin: missing or no server name");
  out.origin = *origin;
  const auto* ts = body.find_integer("origin_server_ts");
  if (!ts) return bad("origin_server_ts: not an integer");
  out.origin_server_ts = *ts;

  json::array none;
  auto* pdus = list_at(*members, "pdus", none);
  auto* edus = list_at(*members, "edus", none);
  if (!pdus) return bad("pdus: not a list");
  if (!edus) return bad("edus: not a list");
  // Both counts are known before anything is copied. The faults end in 400 for the whole transaction, as with other
  // servers.
  if (pdus->size() > limits::pdus_per_transaction_max)
    return {fault_code::too_large, "pdus: over " + std::to_string(limits::pdus_per_transaction_max)};
  if (edus->size() > limits::edus_per_transaction_max)
    return {fault_code::too_large, "edus: over " + std::to_string(limits::edus_per_transaction_max)};
  for (auto& item : *pdus) {
    auto* pdu = item.as_object();
    if (!pdu) return bad("pdus: an entry is not an object");
    out.pdus.push_back(std::move(*pdu));
  }
  for (auto& item : *edus) {
    const auto* type = item.find_string("edu_type");
    auto* content = item.as_object() ? item.as_object()->find("content") : nullptr;
    if (type && content && content->as_object()) out.edus.push_back({*type, std::move(*content->as_object())});
  }
  return out;
}

std::string write_transaction(std::string_view origin, std::int64_t origin_server_ts,
  const std::vector<std::string_view>& pdus, const std::vector<std::string_view>& edus) {
  std::string out = "{";
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
