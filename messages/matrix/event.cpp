#include "messages/matrix/event.hpp"

#include "messages/matrix/base64.hpp"
#include "messages/matrix/event_numbers.hpp"
#include "messages/matrix/identifiers.hpp"

#include <algorithm>
#include <charconv>

namespace causeway::matrix {
namespace {

/// What one walk over an event tells: whether every number is canonical, an upper bound of its canonical size, and how
/// deeply it nests.
struct measure {
  bool canonical = true;
  std::size_t bytes_max = 0;
  std::size_t depth = 0, deepest = 0;

  void operator()(const json::value& x) {
    std::visit([this](const auto& content) { add(content); }, x.content());
  }
  void add(std::nullptr_t) { bytes_max += 4; }
  void add(bool) { bytes_max += 5; }
  void add(std::int64_t x) {
    canonical = canonical && x <= limits::canonical_integer_max && x >= -limits::canonical_integer_max;
    bytes_max += 20;
  }
  void add(const json::number_text& x) {
    canonical = false;
    bytes_max += x.text.size();
  }
  // A byte takes at most six: \u001f.
  void add(const std::string& x) { bytes_max += 2 + 6 * x.size(); }
  void add(const json::array& x) {
    bytes_max += 2 + x.size();
    deepest = std::max(deepest, ++depth);
    for (const auto& item : x) (*this)(item);
    --depth;
  }
  void add(const json::object& x) {
    bytes_max += 2;
    deepest = std::max(deepest, ++depth);
    for (const auto& [key, mapped] : x) {
      bytes_max += 4 + 6 * key.size();
      (*this)(mapped);
    }
    --depth;
  }
};

measure measure_of(const json::object& pdu) {
  measure made;
  made.add(pdu);
  return made;
}

std::size_t code_points(std::string_view text) {
  std::size_t count = 0;
  for (unsigned char byte : text) count += (byte & 0xc0) != 0x80;
  return count;
}

/// Takes a PDU apart, field by field; each step returns false after it noted the fault.
class pdu_reader {
public:
  pdu_reader(const json::object& pdu, const measure& measured, const room_version_rules& rules, event& out)
      : pdu_(pdu), measured_(measured), rules_(rules), out_(out) {}

  const fault& why() const { return why_; }

  bool read(count_policy counts) {
    const auto count_max = [&](std::size_t bounded) { return counts == count_policy::bounded ? bounded : SIZE_MAX; };
    return whole() && text("type", out_.type) && text("sender", out_.sender) && sender() && room() && state_key() &&
           content() && integer("depth", out_.depth) && depth() && time() &&
           references("prev_events", count_max(limits::prev_events_max), out_.prev_events) &&
           references("auth_events", count_max(auth_events_max()), out_.auth_events) && hashes() && signatures() &&
           authoriser() && event_id();
  }

private:
  bool fail(fault_code code, std::string_view detail) {
    why_ = fault{code, std::string{detail}};
    return false;
  }
  bool bad(std::string_view key, std::string_view what) {
    return fail(fault_code::bad_json, std::string{key} + ": " + std::string{what});
  }

  bool whole() {
    if (measured_.deepest > limits::event_depth_max) return fail(fault_code::bad_json, "event: nested too deeply");
    if (rules_.strict_canonical_json && !measured_.canonical)
      return fail(fault_code::not_canonical, "a number is not an integer within +-(2^53-1)");
    // The exact size only where the bound leaves it open: hardly ever.
    if (measured_.bytes_max > limits::event_bytes_max && json::canonical(pdu_).size() > limits::event_bytes_max)
      return fail(fault_code::too_large, "event: over 65536 bytes");
    return true;
  }

  bool text(std::string_view key, std::string& out) {
    const auto* x = pdu_.find(key);
    if (!x) return bad(key, "missing");
    const auto* content = x->as_string();
    if (!content) return bad(key, "not a string");
    out = *content;
    // PostgreSQL keeps no NUL, and with it no large server.
    if (out.find('\0') != std::string::npos) return bad(key, "contains a NUL");
    return bounded(key, out);
  }

  bool bounded(std::string_view key, std::string_view x) {
    if (x.size() <= limits::identifier_bytes_max) return true;
    if (rules_.identifier_bound_in_bytes || code_points(x) > limits::identifier_bytes_max)
      return fail(fault_code::too_large, std::string{key} + ": over 255 bytes");
    out_.has_oversized_identifier = true;
    return true;
  }

  bool integer(std::string_view key, std::int64_t& out) {
    const auto* x = pdu_.find(key);
    if (!x) return bad(key, "missing");
    const auto* number = x->as_integer();
    if (!number) return bad(key, "not an integer within +-(2^53-1)");
    out = *number;
    return true;
  }

  /// Up to version 5 a time of 64 bits is one.
  bool time() {
    const auto* long_time = pdu_.find("origin_server_ts") ? pdu_.find("origin_server_ts")->as_number_text() : nullptr;
    if (!long_time) return integer("origin_server_ts", out_.origin_server_ts);
    const auto* const begin = long_time->text.data();
    const auto* const end = begin + long_time->text.size();
    const auto [stop, why] = std::from_chars(begin, end, out_.origin_server_ts);
    return (why == std::errc{} && stop == end) || bad("origin_server_ts", "not an integer of 64 bits");
  }

  /// Servers ask of a user's name that it tells a server, whose signature they want. How it begins is nothing to them.
  bool sender() { return tells_a_server(out_.sender) || fail(fault_code::invalid_identifier, "sender: not a user id"); }

  // A create event that names a room of its own has a form; the rules reject it (1.2).
  // One with another state_key founds no room, and so has to name one.
  bool derives_room_id() const {
    const auto* key = pdu_.find("state_key");
    return rules_.room_id_is_create_hash && out_.type == "m.room.create" && !pdu_.contains("room_id") && key &&
           key->as_string() && key->as_string()->empty();
  }

  bool room() {
    if (derives_room_id()) return true;
    if (!text("room_id", out_.room_id)) return false;
    return has_identifier_shape(out_.room_id, '!', false) ||
           fail(fault_code::invalid_identifier, "room_id: not a room id");
  }

  // The create event, which nobody cites from version 12 on, is one of them all the same.
  std::size_t auth_events_max() const {
    return limits::auth_events_max - (rules_.room_id_is_create_hash && out_.type != "m.room.create");
  }

  bool state_key() { return !pdu_.contains("state_key") || text("state_key", out_.state_key.emplace()); }

  bool content() {
    const auto* x = pdu_.find("content");
    return (x && x->as_object()) || bad("content", "not an object");
  }

  // Versions 1 to 5 allow depths up to 2^63-1; servers refuse those over 2^53-1 there too, and so does `integer`.
  bool depth() { return out_.depth >= 0 || bad("depth", "negative"); }

  /// `prev_events` and `auth_events`: ids, or in versions 1 and 2 pairs of id and hashes.
  bool references(std::string_view key, std::size_t count_max, std::vector<std::string>& out) {
    const auto* x = pdu_.find(key);
    const auto* items = x ? x->as_array() : nullptr;
    if (!items) return bad(key, "not a list");
    if (items->size() > count_max)
      return fail(fault_code::too_large, std::string{key} + ": over " + std::to_string(count_max));
    out.reserve(items->size());
    for (const auto& item : *items) {
      const auto* id = rules_.event_ids == event_id_format::given ? id_of_pair(item) : item.as_string();
      if (!id) return bad(key, "an entry has the wrong form");
      // In versions 1 and 2 an event has the name its server gave it.
      if (rules_.event_ids != event_id_format::given && !has_identifier_shape(*id, '$', false))
        return fail(fault_code::invalid_identifier, std::string{key} + ": not an event id");
      out.push_back(*id);
    }
    return true;
  }

  static const std::string* id_of_pair(const json::value& x) {
    const auto* pair = x.as_array();
    if (!pair || pair->size() != 2 || !is_object_of_texts((*pair)[1])) return nullptr;
    return (*pair)[0].as_string();
  }

  static bool is_object_of_texts(const json::value& x) {
    const auto* members = x.as_object();
    return members &&
           std::all_of(members->begin(), members->end(), [](const json::member& m) { return m.mapped.as_string(); });
  }

  bool hashes() {
    const auto* x = pdu_.find("hashes");
    if (!x || !is_object_of_texts(*x)) return bad("hashes", "not an object of strings");
    const auto* sha256 = x->find_string("sha256");
    return (sha256 && base64_decode_as_servers(*sha256)) || bad("hashes", "no sha256 in base64");
  }

  bool signatures() {
    const auto* x = pdu_.find("signatures");
    const auto* servers = x ? x->as_object() : nullptr;
    if (!servers) return bad("signatures", "not an object");
    for (const auto& [server, keys] : *servers)
      if (!is_object_of_texts(keys)) return bad("signatures", "a server's entry is not an object of strings");
    return true;
  }

  /// The signature of this user's server is asked for later, so there has to be a server.
  bool authoriser() {
    if (!rules_.restricted_join || out_.type != "m.room.member") return true;
    const auto& content = *pdu_.find("content");
    const auto* word = content.find_string("membership");
    if (!word || parse_membership(*word) != membership::join || !content.find("join_authorised_via_users_server"))
      return true;
    const auto* user = content.find_string("join_authorised_via_users_server");
    return (user && tells_a_server(*user)) ||
           fail(fault_code::invalid_identifier, "join_authorised_via_users_server: not a user id");
  }

  bool event_id() {
    if (rules_.event_ids == event_id_format::given)
      return text("event_id", out_.event_id) &&
             (tells_a_server(out_.event_id) || fail(fault_code::invalid_identifier, "event_id: not an event id"));
    const auto hash = reference_hash(pdu_, rules_);
    out_.event_id =
      '$' + (rules_.event_ids == event_id_format::base64_hash ? base64_encode(hash) : base64url_encode(hash));
    if (derives_room_id()) out_.room_id = '!' + out_.event_id.substr(1);
    return true;
  }

  const json::object& pdu_;
  const measure& measured_;
  const room_version_rules& rules_;
  event& out_;
  fault why_;
};

} // namespace

const json::object& event::content() const {
  static const json::object none;
  const auto* x = source.find("content");
  const auto* members = x ? x->as_object() : nullptr;
  return members ? *members : none;
}

membership event::membership() const {
  if (type != "m.room.member") return membership::none;
  const auto* x = content().find("membership");
  const auto* word = x ? x->as_string() : nullptr;
  return word ? parse_membership(*word) : membership::none;
}

std::string_view event::redacts() const {
  if (type != "m.room.redaction") return {};
  const auto* x = rules().redaction_updated ? content().find("redacts") : source.find("redacts");
  const auto* text = x ? x->as_string() : nullptr;
  return text ? std::string_view{*text} : std::string_view{};
}

std::string event::to_json() const { return json::canonical(source); }

result<event_ptr> make_event(json::object pdu, const room_version_rules& rules, count_policy counts) {
  return take_event(pdu, rules, counts);
}

result<event_ptr> take_event(json::object& pdu, const room_version_rules& rules, count_policy counts) {
  pdu.erase("unsigned");
  if (rules.event_ids != event_id_format::given) pdu.erase("event_id");
  auto made = std::make_shared<event>();
  made->rules_ = &rules;
  auto measured = measure_of(pdu);
  if (!measured.canonical) {
    if (auto normalized = normalize_numbers(pdu, rules.number_policy()); !normalized) return normalized.error();
    measured = measure_of(pdu);
  }
  pdu_reader reader{pdu, measured, rules, *made};
  if (!reader.read(counts)) return reader.why();
  made->source = std::move(pdu);
  return event_ptr{std::move(made)};
}

result<event_ptr> parse_event(std::string_view text, const room_version_rules& rules, count_policy counts) {
  // Leniently: which numbers an event may hold is a question of its form.
  auto parsed = json::parse(text);
  if (!parsed) return parsed.error();
  auto* pdu = parsed->as_object();
  if (!pdu) return {fault_code::bad_json, "an event is an object"};
  return make_event(std::move(*pdu), rules, counts);
}

event_ptr redacted(const event& x) { return redacted(x, nullptr); }

event_ptr redacted(const event& x, event_ptr because) {
  auto made = std::make_shared<event>(x);
  made->source = redact(x.source, x.rules());
  made->redacted_because = std::move(because);
  return made;
}

event_ptr restored(const event& kept, const event& copy) {
  if (kept.event_id != copy.event_id || has_valid_content_hash(kept)) return nullptr;
  // The same bytes were signed, the hash among them: what matches it is what the sender wrote.
  if (signed_bytes(kept.source, kept.rules()) != signed_bytes(copy.source, copy.rules()) ||
      !has_valid_content_hash(copy))
    return nullptr;
  auto whole = std::make_shared<event>(copy);
  whole->source.set("signatures", *kept.source.find("signatures"));
  return whole;
}

void write_served(std::string& out, const event& x) {
  const auto begin = out.size();
  json::write(out, x.source);
  if (!x.redacted_because) return;
  // No key that a redaction keeps comes after this one.
  const std::string why = ",\"unsigned\":{\"redacted_because\":" + x.redacted_because->to_json() + "}";
  if (out.size() - begin + why.size() <= limits::event_bytes_max) out.insert(out.size() - 1, why);
}

} // namespace causeway::matrix
