#include "messages/crossing/codec.hpp"

#include "messages/chat/commands.hpp"
#include "messages/crossing/row_fields.hpp"
#include "messages/edge/packing.hpp"
#include "messages/limits.hpp"
#include "messages/matrix/endpoints.hpp"
#include "messages/matrix/event.hpp"
#include "messages/matrix/json.hpp"

#include <array>
#include <concepts>
#include <limits>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

namespace causeway::crossing {
namespace {

/// Values of one message. A room's servers and a transaction's events are far fewer.
constexpr std::size_t crossing_values_max = 1'000'000;

// -- what there is ----------------------------------------------------------------------------------------------------

template <class T>
struct named {
  using type = T;
  std::string_view name;
};

/// Every type that crosses. The names are for ever, as long as a node of a version that has one may run.
constexpr std::tuple crossing_types{
  named<room_named>{"room_named"},
  named<status_request>{"status_request"},
  named<status_response>{"status_response"},
  named<pdu_queued>{"pdu_queued"},
  named<edu_queued>{"edu_queued"},
  named<edu_completed>{"edu_completed"},
  named<peer_request>{"peer_request"},
  named<peer_answer>{"peer_answer"},
  named<keys_request>{"keys_request"},
  named<keys_response>{"keys_response"},
  named<notary_keys_request>{"notary_keys_request"},
  named<notary_keys_response>{"notary_keys_response"},
  named<inbound_request>{"inbound_request"},
  named<pdus_handled>{"pdus_handled"},
  named<call_answered>{"call_answered"},
  named<retry_now>{"retry_now"},
  named<pause_request>{"pause_request"},
  named<chat_command>{"chat_command"},
  named<federation_call>{"federation_call"},
  named<federation_reply>{"federation_reply"},
  named<pdus_received>{"pdus_received"},
  named<edu_received>{"edu_received"},
  named<join_request>{"join_request"},
  named<invite_admission_request>{"invite_admission_request"},
  named<invite_admitted>{"invite_admitted"},
  named<rescission_delivered>{"rescission_delivered"},
  named<refounding_request>{"refounding_request"},
  named<refounding_done>{"refounding_done"},
  named<handover_ended>{"handover_ended"},
  named<room_succeeded>{"room_succeeded"},
  named<room_listed>{"room_listed"},
  named<summary_request>{"summary_request"},
  named<summary_response>{"summary_response"},
  named<member_request>{"member_request"},
  named<member_response>{"member_response"},
  named<member_update_request>{"member_update_request"},
  named<member_updated>{"member_updated"},
  named<successor_request>{"successor_request"},
  named<successor_founded>{"successor_founded"},
  named<successor_joined>{"successor_joined"},
  named<direct_request>{"direct_request"},
  named<direct_response>{"direct_response"},
  named<server_alive>{"server_alive"},
  named<command_received>{"command_received"},
  named<command_done>{"command_done"},
  named<commands_lost>{"commands_lost"},
  named<chat_server_seen>{"chat_server_seen"},
  named<ephemeral_notification>{"ephemeral_notification"},
  named<receipts_received>{"receipts_received"},
  named<markers_moved>{"markers_moved"},
  named<readers_request>{"readers_request"},
  named<room_servers_request>{"room_servers_request"},
  named<room_servers_response>{"room_servers_response"},
  named<server_joined>{"server_joined"},
  named<local_users_joined>{"local_users_joined"},
  named<presence_received>{"presence_received"},
};

template <class T>
constexpr std::string_view name_of() {
  return std::apply(
    [](const auto&... each) {
      std::string_view found;
      (void)((std::is_same_v<typename std::decay_t<decltype(each)>::type, T> && (found = each.name, true)) || ...);
      return found;
    },
    crossing_types);
}

template <std::size_t... I>
constexpr bool all_are_named(std::index_sequence<I...>) {
  return ((can_cross<std::variant_alternative_t<I, message_content>> ==
           !name_of<std::variant_alternative_t<I, message_content>>().empty()) &&
          ...);
}
static_assert(all_are_named(std::make_index_sequence<message_types>{}), "a message lists its fields and has no name");

template <class T>
concept listed = requires(int& f, T& x) { T::fields(f, x); };
template <class T>
concept listed_row = requires(int& f, T& x) { row_fields<T>::fields(f, x); };
template <class T>
concept has_words = std::is_enum_v<T> && requires { edge::wire_names<T>::names; };
/// On disk by its number too.
template <class T>
concept numbered = std::same_as<T, fault_code> || std::same_as<T, user_right> || std::same_as<T, store::user_update> ||
                   std::same_as<T, store::room_phase>;

constexpr std::size_t endpoints_count = static_cast<std::size_t>(matrix::endpoint::media_download_v3) + 1;

/// Method and path, which the specification keeps; the numbers of the enumeration are ours.
std::string endpoint_text(matrix::endpoint x) {
  const auto& row = matrix::info(x);
  return std::string{row.method} + " " + std::string{row.path};
}
std::optional<matrix::endpoint> find_endpoint(std::string_view text) {
  for (std::size_t i = 0; i < endpoints_count; ++i) {
    const auto& row = matrix::info(static_cast<matrix::endpoint>(i));
    if (text.size() == row.method.size() + 1 + row.path.size() && text.starts_with(row.method) &&
        text[row.method.size()] == ' ' && text.ends_with(row.path))
      return row.id;
  }
  return {};
}
std::optional<actor_kind> find_actor_kind(std::string_view text) {
  for (std::size_t i = 0; i < actor_kinds; ++i)
    if (text == causeway::name(static_cast<actor_kind>(i))) return static_cast<actor_kind>(i);
  return {};
}

// -- writing ----------------------------------------------------------------------------------------------------------

class writer {
public:
  std::string bytes;

  /// A map: whatever `list(fields)` tells of itself.
  template <class List>
  void map(List list);
  template <class T>
  void value(const T& x);

private:
  struct sink {
    std::string& bytes;
    void write(const char* data, std::size_t size) { bytes.append(data, size); }
  };
  msgpack::packer<sink> pack() { return msgpack::packer<sink>{sink_}; }

  void text(std::string_view x) {
    pack().pack_str(static_cast<std::uint32_t>(x.size())).pack_str_body(x.data(), static_cast<std::uint32_t>(x.size()));
  }
  template <class Range>
  void list_of(const Range& all) {
    pack().pack_array(static_cast<std::uint32_t>(all.size()));
    for (const auto& one : all) value(one);
  }

  void put(const std::string& x) { text(x); }
  void put(bool x) { pack().pack(x); }
  template <std::signed_integral T>
  void put(T x) {
    pack().pack_int64(x);
  }
  template <std::unsigned_integral T>
  void put(T x) {
    pack().pack_uint64(x);
  }
  template <numbered T>
  void put(T x) {
    pack().pack_uint64(static_cast<std::uint64_t>(x));
  }
  template <has_words T>
  void put(T x) {
    text(edge::wire_names<T>::names[static_cast<std::size_t>(x)]);
  }
  void put(actor_kind x) { text(causeway::name(x)); }
  void put(matrix::endpoint x) { text(endpoint_text(x)); }
  void put(invitation_state x) { text(causeway::name(x)); }
  void put(invitation_direction x) { text(causeway::name(x)); }
  void put(next_request x) { text(causeway::name(x)); }
  template <class T>
  void put(const std::vector<T>& x) {
    list_of(x);
  }
  template <class First, class Second>
  void put(const std::pair<First, Second>& x) {
    pack().pack_array(2);
    value(x.first);
    value(x.second);
  }
  template <class T, class Less>
  void put(const std::map<std::string, T, Less>& x) {
    pack().pack_map(static_cast<std::uint32_t>(x.size()));
    for (const auto& [key, one] : x) {
      text(key);
      value(one);
    }
  }
  template <class T>
  void put(const std::optional<T>& x) {
    if (x) value(*x);
    else pack().pack_nil();
  }
  template <class T>
  void put(const std::shared_ptr<T>& x) {
    if (x) value(*x);
    else pack().pack_nil();
  }
  template <class T>
    requires listed<T> || listed_row<T>
  void put(const T& x);

  void put(const matrix::json::object& x) {
    std::string json;
    matrix::json::write_as_it_came(json, x);
    text(json);
  }
  void put(const matrix::json::value& x) {
    std::string json;
    matrix::json::write_as_it_came(json, x);
    text(json);
  }
  void put(const matrix::event& x);
  void put(const matrix::endpoint_match& x);
  void put(const chat::command& x);

  sink sink_{bytes};
};

/// What a struct tells its fields to when it is written. The bounds it tells are those of whom it came from: the edge
/// has looked at them.
class field_lister {
public:
  explicit field_lister(writer& to) : to_(to) {}
  std::uint32_t count() const { return count_; }

  template <class T>
  void required(const char* key, const T& x, const char* = "", const edge::field& = {}) {
    to_.value(std::string_view{key});
    to_.value(x);
    ++count_;
  }
  template <class T>
  void optional(const char* key, const T& x, const char* = "", const edge::field& = {}) {
    required(key, x);
  }
  template <class T>
  void optional(const char* key, const std::optional<T>& x, const char* = "", const edge::field& = {}) {
    if (x) required(key, *x);
  }
  template <class T>
  void optional(const char* key, const std::shared_ptr<T>& x, const char* = "", const edge::field& = {}) {
    if (x) required(key, *x);
  }
  void id(const char* key, const auto& x, const char* = "") { required(key, x); }
  void optional_id(const char* key, const auto& x, const char* = "") { optional(key, x); }
  void ids(const char* key, const auto& x, const char*, const edge::field&) { optional(key, x); }
  void user(const char* key, const auto& x, const char* = "") { required(key, x); }
  void optional_user(const char* key, const auto& x, const char* = "") { optional(key, x); }
  void users(const char* key, const auto& x, const char*, const edge::field&) { optional(key, x); }
  void blob(const char* key, const auto& x, const char*, const edge::field&) { required(key, x); }
  void optional_blob(const char* key, const auto& x, const char*, const edge::field&) { optional(key, x); }

private:
  writer& to_;
  std::uint32_t count_ = 0;
};

template <class T>
void writer::value(const T& x) {
  if constexpr (std::is_same_v<T, std::string_view>) text(x);
  else put(x);
}

/// The number of fields is known behind them: its place has a fixed width.
template <class List>
void writer::map(List list) {
  constexpr char map_32 = '\xdf';
  bytes += map_32;
  const auto at = bytes.size();
  bytes.append(4, '\0');
  field_lister fields{*this};
  list(fields);
  for (std::size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<char>(fields.count() >> (24 - 8 * i) & 0xff);
}

template <class T>
  requires listed<T> || listed_row<T>
void writer::put(const T& x) {
  map([&](field_lister& f) {
    if constexpr (listed_row<T>) row_fields<T>::fields(f, x);
    else T::fields(f, x);
  });
}

void writer::put(const matrix::event& x) {
  map([&](field_lister& f) {
    f.required("room_version", std::string_view{x.rules().id});
    f.required("json", x.to_json());
    if (x.redacted_because) f.required("redacted_because", x.redacted_because->to_json());
  });
}

void writer::put(const matrix::endpoint_match& x) {
  map([&](field_lister& f) {
    f.required("endpoint", x.info->id);
    f.optional("parameters", x.parameters);
    f.optional("query", x.query);
  });
}

void writer::put(const chat::command& x) {
  map([&](field_lister& f) {
    f.required("command", std::string_view{chat::name(x)});
    std::visit([&](const auto& one) { f.required("fields", one); }, x);
  });
}

// -- reading ----------------------------------------------------------------------------------------------------------

using edge::text_of;

/// Reads fields out of a map. The first fault is kept, later reads do nothing.
class reader {
public:
  explicit reader(const msgpack::object& map) : map_(&map) {
    if (map.type != msgpack::type::MAP) why_ = fault{fault_code::bad_body, "it is not a map"};
  }
  const std::optional<fault>& why() const { return why_; }

  template <class T>
  void required(const char* key, T& x, const char* = "", const edge::field& = {}) {
    if (const auto* found = find(key, true)) read(key, *found, x);
  }
  template <class T>
  void optional(const char* key, T& x, const char* = "", const edge::field& = {}) {
    if (const auto* found = find(key, false)) read(key, *found, x);
  }
  void id(const char* key, auto& x, const char* = "") { required(key, x); }
  void optional_id(const char* key, auto& x, const char* = "") { optional(key, x); }
  void ids(const char* key, auto& x, const char*, const edge::field&) { optional(key, x); }
  void user(const char* key, auto& x, const char* = "") { required(key, x); }
  void optional_user(const char* key, auto& x, const char* = "") { optional(key, x); }
  void users(const char* key, auto& x, const char*, const edge::field&) { optional(key, x); }
  void blob(const char* key, auto& x, const char*, const edge::field&) { required(key, x); }
  void optional_blob(const char* key, auto& x, const char*, const edge::field&) { optional(key, x); }

private:
  const msgpack::object* find(std::string_view key, bool needed) {
    if (why_) return nullptr;
    const auto* found = edge::value_at(map_->via.map, key);
    if (!found && needed) why_ = fault{fault_code::bad_body, std::string{key} + " is missing"};
    return found;
  }
  void wrong(const char* key, std::string_view expected) {
    if (!why_) why_ = fault{fault_code::bad_body, std::string{key} + " must be " + std::string{expected}};
  }
  /// What is wrong with a map within this one.
  void take_fault(const char* key, const reader& inner) {
    if (inner.why_ && !why_) why_ = fault{inner.why_->code, std::string{key} + ": " + inner.why_->detail};
  }
  std::string_view text(const char* key, const msgpack::object& from) {
    if (from.type == msgpack::type::STR) return text_of(from);
    wrong(key, "a string");
    return {};
  }

  void read(const char* key, const msgpack::object& from, std::string& x) { x = text(key, from); }
  void read(const char* key, const msgpack::object& from, bool& x) {
    if (from.type != msgpack::type::BOOLEAN) return wrong(key, "a boolean");
    x = from.via.boolean;
  }
  template <std::integral T>
  void read(const char* key, const msgpack::object& from, T& x) {
    const bool fits = from.type == msgpack::type::POSITIVE_INTEGER   ? std::in_range<T>(from.via.u64)
                      : from.type == msgpack::type::NEGATIVE_INTEGER ? std::in_range<T>(from.via.i64)
                                                                     : false;
    if (!fits) return wrong(key, "an integer of its size");
    x = from.type == msgpack::type::POSITIVE_INTEGER ? static_cast<T>(from.via.u64) : static_cast<T>(from.via.i64);
  }
  template <numbered T>
  void read(const char* key, const msgpack::object& from, T& x) {
    std::underlying_type_t<T> number = 0;
    read(key, from, number);
    // Of a fault that a newer version has the row is that of `internal`.
    if constexpr (std::same_as<T, user_right>)
      if (number > static_cast<std::uint8_t>(user_right::no)) return wrong(key, "a number of its list");
    if constexpr (std::same_as<T, store::user_update>)
      if (number > static_cast<std::uint8_t>(store::user_update::leave)) return wrong(key, "a number of its list");
    if constexpr (std::same_as<T, store::room_phase>)
      if (number > static_cast<std::uint8_t>(store::room_phase::invited)) return wrong(key, "a number of its list");
    if (!why_) x = static_cast<T>(number);
  }
  template <has_words T>
  void read(const char* key, const msgpack::object& from, T& x) {
    const auto word = text(key, from);
    std::uint8_t value = 0;
    for (const std::string_view one : edge::wire_names<T>::names) {
      if (one == word) {
        x = static_cast<T>(value);
        return;
      }
      ++value;
    }
    wrong(key, "a word of its list");
  }
  template <class T>
  void take_word(const char* key, std::optional<T> found, T& x) {
    if (!found) return wrong(key, "a word of its list");
    x = *found;
  }
  void read(const char* key, const msgpack::object& from, actor_kind& x) {
    take_word(key, find_actor_kind(text(key, from)), x);
  }
  void read(const char* key, const msgpack::object& from, matrix::endpoint& x) {
    take_word(key, find_endpoint(text(key, from)), x);
  }
  void read(const char* key, const msgpack::object& from, invitation_state& x) {
    take_word(key, find_invitation_state(text(key, from)), x);
  }
  void read(const char* key, const msgpack::object& from, invitation_direction& x) {
    take_word(key, find_invitation_direction(text(key, from)), x);
  }
  void read(const char* key, const msgpack::object& from, next_request& x) {
    take_word(key, find_next_request(text(key, from)), x);
  }
  /// One by one: an element may be a hundred times larger than the byte it takes here, and the first that is wrong ends
  /// it.
  template <class T>
  void read(const char* key, const msgpack::object& from, std::vector<T>& x) {
    if (from.type != msgpack::type::ARRAY) return wrong(key, "an array");
    for (std::uint32_t i = 0; i < from.via.array.size && !why_; ++i) read(key, from.via.array.ptr[i], x.emplace_back());
  }
  template <class First, class Second>
  void read(const char* key, const msgpack::object& from, std::pair<First, Second>& x) {
    if (from.type != msgpack::type::ARRAY || from.via.array.size != 2) return wrong(key, "an array of two");
    read(key, from.via.array.ptr[0], x.first);
    read(key, from.via.array.ptr[1], x.second);
  }
  template <class T, class Less>
  void read(const char* key, const msgpack::object& from, std::map<std::string, T, Less>& x) {
    if (from.type != msgpack::type::MAP) return wrong(key, "a map");
    for (std::uint32_t i = 0; i < from.via.map.size && !why_; ++i) {
      const auto name = text(key, from.via.map.ptr[i].key);
      if (!why_) read(key, from.via.map.ptr[i].val, x[std::string{name}]);
    }
  }
  template <class T>
  void read(const char* key, const msgpack::object& from, std::optional<T>& x) {
    read(key, from, x.emplace());
  }
  template <class T>
  void read(const char* key, const msgpack::object& from, std::shared_ptr<T>& x) {
    auto made = std::make_shared<std::remove_const_t<T>>();
    read(key, from, *made);
    if (!why_) x = std::move(made);
  }
  template <class T>
    requires listed<T> || listed_row<T>
  void read(const char* key, const msgpack::object& from, T& x) {
    reader inner{from};
    if (!inner.why_) {
      if constexpr (listed_row<T>) row_fields<T>::fields(inner, x);
      else T::fields(inner, x);
    }
    take_fault(key, inner);
  }

  void read(const char* key, const msgpack::object& from, matrix::json::value& x) {
    auto parsed = matrix::json::parse(text(key, from));
    if (!why_ && !parsed) wrong(key, "JSON: " + to_string(parsed.error()));
    if (!why_) x = *std::move(parsed);
  }
  void read(const char* key, const msgpack::object& from, matrix::json::object& x) {
    matrix::json::value whole;
    read(key, from, whole);
    if (why_) return;
    if (auto* object = whole.as_object()) x = std::move(*object);
    else wrong(key, "a JSON object");
  }
  void read(const char* key, const msgpack::object& from, matrix::event_ptr& x);
  void read(const char* key, const msgpack::object& from, matrix::endpoint_match& x);
  void read(const char* key, const msgpack::object& from, chat::command& x);
  template <std::size_t... I>
  void read_command(std::string_view name, chat::command& x, std::index_sequence<I...>);

  const msgpack::object* map_;
  std::optional<fault> why_;
};

/// An event that crosses was let in by whoever has it: its counts were decided then, as with what is stored.
result<matrix::event_ptr> event_of(const std::string& json, const matrix::room_version_rules& rules) {
  return matrix::parse_event(json, rules, matrix::count_policy::unbounded);
}

void reader::read(const char* key, const msgpack::object& from, matrix::event_ptr& x) {
  reader inner{from};
  std::string version, json, because;
  inner.required("room_version", version);
  inner.required("json", json);
  inner.optional("redacted_because", because);
  take_fault(key, inner);
  if (why_) return;
  const auto* rules = matrix::find_room_version(version);
  if (rules == nullptr) return wrong(key, "an event of a known room version");
  auto event = event_of(json, *rules);
  if (!event) return wrong(key, "an event: " + to_string(event.error()));
  x = *std::move(event);
  if (because.empty()) return;
  auto redaction = event_of(because, *rules);
  if (!redaction) return wrong(key, "an event with its redaction: " + to_string(redaction.error()));
  auto redacted = std::make_shared<matrix::event>(*x);
  redacted->redacted_because = *std::move(redaction);
  x = std::move(redacted);
}

void reader::read(const char* key, const msgpack::object& from, matrix::endpoint_match& x) {
  reader inner{from};
  matrix::endpoint which{};
  inner.required("endpoint", which);
  inner.optional("parameters", x.parameters);
  inner.optional("query", x.query);
  take_fault(key, inner);
  if (!why_) x.info = &matrix::info(which);
}

template <std::size_t... I>
void reader::read_command(std::string_view name, chat::command& x, std::index_sequence<I...>) {
  const auto try_one = [&]<class T>(std::in_place_type_t<T>) {
    if (name != T::name) return false;
    required("fields", x.emplace<T>());
    return true;
  };
  if (!(try_one(std::in_place_type<std::variant_alternative_t<I, chat::command::content>>) || ...))
    wrong("command", "the name of one");
}

void reader::read(const char* key, const msgpack::object& from, chat::command& x) {
  reader inner{from};
  std::string name;
  inner.required("command", name);
  if (!inner.why_) inner.read_command(name, x, std::make_index_sequence<std::variant_size_v<chat::command::content>>{});
  take_fault(key, inner);
}

using decoder = void (*)(reader& from, message& x);

template <class T>
void decode_as(reader& from, message& x) {
  T made;
  from.required("fields", made);
  if (!from.why()) static_cast<message_content&>(x) = std::move(made);
}

decoder find_decoder(std::string_view wanted) {
  return std::apply(
    [&](const auto&... each) {
      decoder found = nullptr;
      (void)((each.name == wanted && (found = &decode_as<typename std::decay_t<decltype(each)>::type>, true)) || ...);
      return found;
    },
    crossing_types);
}

} // namespace

std::string_view name(const message& x) {
  return std::visit([]<class T>(const T&) { return name_of<T>(); }, static_cast<const message_content&>(x));
}

std::string encode(const message& x) {
  writer out;
  out.map([&](field_lister& f) {
    f.required("message", name(x));
    f.required("trace", x.trace);
    std::visit(
      [&]<class T>(const T& content) {
        if constexpr (can_cross<T>) f.required("fields", content);
      },
      static_cast<const message_content&>(x));
  });
  return std::move(out.bytes);
}

result<message> decode(std::string_view bytes) {
  if (bytes.size() > limits::crossing_bytes_max)
    return {fault_code::too_large, "it has over " + std::to_string(limits::crossing_bytes_max) + " bytes"};
  const auto map = edge::unpacked_map::parse(bytes, fault_code::bad_body, {crossing_values_max, false});
  if (!map) return map.error();
  reader from{map->root()};
  std::string wanted;
  message x;
  from.required("message", wanted);
  from.optional("trace", x.trace);
  if (from.why()) return *from.why();
  const auto decode_it = find_decoder(wanted);
  if (decode_it == nullptr) return {fault_code::bad_body, "message " + wanted.substr(0, 64) + " is not known"};
  decode_it(from, x);
  if (from.why()) return *from.why();
  return x;
}

} // namespace causeway::crossing
