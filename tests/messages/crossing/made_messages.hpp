#pragma once
#include "messages/chat/codec.hpp"
#include "messages/crossing/codec.hpp"
#include "messages/crossing/row_fields.hpp"
#include "messages/matrix/endpoints.hpp"
#include "messages/matrix/signing.hpp"
#include "tests/messages/chat/bodies.hpp"

#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

/// Messages made by a seed, and what is in them as text: both by the lists of fields, and apart from the codec.
namespace causeway::test {

template <class T>
concept lists_fields = requires(int& f, T& x) { T::fields(f, x); };
template <class T>
concept is_row = requires(int& f, T& x) { crossing::row_fields<T>::fields(f, x); };
template <class T>
concept is_struct = lists_fields<T> || is_row<T>;

template <class T>
void walk_fields(auto& visitor, auto& x) {
  if constexpr (is_row<T>) crossing::row_fields<T>::fields(visitor, x);
  else T::fields(visitor, x);
}

/// Whole and redacted events of old and new room versions.
inline const std::vector<matrix::event_ptr>& events() {
  static const std::vector<matrix::event_ptr> all = [] {
    std::vector<matrix::event_ptr> made;
    const auto key = *matrix::signing_key::from_seed(std::string(32, 'k'));
    for (const char* version : {"1", "4", "6", "10", "11", "12"}) {
      const auto& rules = *matrix::find_room_version(version);
      matrix::json::object content{{"body", "h\u00e9llo \"there\""}, {"n", 7}};
      if (!rules.strict_canonical_json) content.set("x", matrix::json::number_text{"1.50"});
      matrix::json::object pdu{
        {"type", "m.room.message"},
        {"room_id", rules.room_id_is_create_hash ? "!NDVBNqNrdJPVwnSkSUqAYeDAHlAkYJrQ2dgJzmCGzYU" : "!a:a.example"},
        {"sender", "@alice:a.example"},
        {"content", content},
        {"depth", 12},
        {"origin_server_ts", std::int64_t{1'700'000'000'000}},
        {"prev_events", matrix::json::array{}},
        {"auth_events", matrix::json::array{}}};
      auto whole = matrix::hash_and_sign(pdu, rules, "a.example", key);
      if (!whole) throw std::logic_error{to_string(whole.error())};
      pdu.set("type", "m.room.redaction");
      if (rules.redaction_updated) pdu.set("content", matrix::json::object{{"redacts", (*whole)->event_id}});
      else pdu.set("redacts", (*whole)->event_id);
      auto redaction = matrix::hash_and_sign(pdu, rules, "a.example", key);
      if (!redaction) throw std::logic_error{to_string(redaction.error())};
      made.push_back(*whole);
      made.push_back(matrix::redacted(**whole, *redaction));
      pdu.set("type", "m.room.topic");
      pdu.set("state_key", "");
      made.push_back(*matrix::hash_and_sign(pdu, rules, "a.example", key));
    }
    return made;
  }();
  return all;
}

/// Fills what a list of fields tells of, by a seed.
class maker {
public:
  explicit maker(std::uint64_t seed) : random_(seed) {}

  void required(const char*, auto& x) { make(x); }
  /// A pointer may be null here.
  void optional(const char*, auto& x) {
    if constexpr (requires { x.reset(); }) {
      if (below(2) == 0) return;
    }
    make(x);
  }
  template <is_struct T>
  void make(T& x) {
    walk_fields<T>(*this, x);
  }

private:
  std::uint64_t below(std::uint64_t n) { return random_() % n; }

  void make(std::string& x) {
    x.resize(below(8) == 0 ? 300 : below(12));
    for (auto& c : x) c = static_cast<char>(random_()); // any bytes: not all that crosses is text
  }
  void make(bool& x) { x = below(2) == 0; }
  template <std::integral T>
  void make(T& x) {
    const T ends[] = {0, 1, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()};
    const auto which = below(6);
    x = which < 4 ? ends[which] : static_cast<T>(random_());
  }
  void make(fault_code& x) { x = below(2) == 0 ? fault_code::none : fault_code::peer_tls; }
  void make(actor_kind& x) { x = static_cast<actor_kind>(below(actor_kinds)); }
  void make(matrix::endpoint& x) { x = static_cast<matrix::endpoint>(below(36)); }
  void make(matrix::presence_state& x) { x = static_cast<matrix::presence_state>(below(3)); }
  void make(chat::room_type& x) { x = static_cast<chat::room_type>(below(3)); }
  void make(invite_policy& x) { x = static_cast<invite_policy>(below(2)); }
  void make(user_right& x) { x = static_cast<user_right>(below(3)); }
  void make(store::user_update& x) { x = static_cast<store::user_update>(below(3)); }
  void make(store::room_phase& x) { x = static_cast<store::room_phase>(below(4)); }
  void make(invitation_state& x) { x = static_cast<invitation_state>(below(invitation_state_words.size() + 1)); }
  void make(invitation_direction& x) { x = static_cast<invitation_direction>(below(3)); }
  void make(next_request& x) { x = static_cast<next_request>(below(9)); }
  template <class T>
  void make(std::vector<T>& x) {
    x.resize(below(4));
    for (auto& one : x) make(one);
  }
  template <class First, class Second>
  void make(std::pair<First, Second>& x) {
    make(x.first);
    make(x.second);
  }
  template <class T, class Less>
  void make(std::map<std::string, T, Less>& x) {
    for (auto count = below(4); count > 0; --count) {
      std::string key;
      make(key);
      make(x[key]);
    }
  }
  template <class T>
  void make(std::optional<T>& x) {
    make(x.emplace());
  }
  template <class T>
  void make(std::shared_ptr<T>& x) {
    auto made = std::make_shared<std::remove_const_t<T>>();
    make(*made);
    x = std::move(made);
  }
  void make(matrix::event_ptr& x) { x = events()[below(events().size())]; }
  void make(matrix::json::object& x) {
    static const char* texts[] = {R"({})", R"({"a":[1,-0,1e10,0.10,null,true,{"b":"\u00e9\u0000"}]})",
                                  R"({"deep":[[[[[[]]]]]],"large":123456789012345678901234567890})"};
    x = *matrix::json::parse(texts[below(3)])->as_object();
  }
  void make(matrix::json::value& x) {
    matrix::json::object object;
    make(object);
    x = std::move(object);
  }
  void make(matrix::endpoint_match& x) {
    matrix::endpoint which{};
    make(which);
    x.info = &matrix::info(which);
    make(x.parameters);
    make(x.query);
  }
  void make(chat::command& x) {
    static const auto all = commands();
    x = all[below(all.size())];
  }

  std::mt19937_64 random_;
};

/// Everything a list of fields tells of, as text.
class teller {
public:
  std::string text;

  void required(const char* key, const auto& x) {
    text += std::string{key} + "=";
    tell(x);
  }
  void optional(const char* key, const auto& x) { required(key, x); }
  template <is_struct T>
  void tell(const T& x) {
    text += "{";
    walk_fields<T>(*this, x);
    text += "}";
  }

private:
  void tell(const std::string& x) { text += std::to_string(x.size()) + ":" + x + ";"; }
  void tell(std::integral auto x) { text += std::to_string(x) + ";"; }
  template <class T>
    requires std::is_enum_v<T>
  void tell(T x) {
    tell(static_cast<std::uint64_t>(x));
  }
  template <class T>
  void tell(const std::vector<T>& x) {
    text += "[";
    for (const auto& one : x) tell(one);
    text += "]";
  }
  template <class First, class Second>
  void tell(const std::pair<First, Second>& x) {
    tell(x.first);
    tell(x.second);
  }
  template <class T, class Less>
  void tell(const std::map<std::string, T, Less>& x) {
    text += "[";
    for (const auto& one : x) tell(std::pair<std::string, T>{one});
    text += "]";
  }
  template <class T>
  void tell(const std::optional<T>& x) {
    if (x) tell(*x);
    else text += "none;";
  }
  template <class T>
  void tell(const std::shared_ptr<T>& x) {
    if (x) tell(*x);
    else text += "null;";
  }
  void tell(const matrix::event& x) {
    for (const auto* one : {&x.event_id, &x.room_id, &x.type, &x.sender}) tell(*one);
    tell(x.state_key);
    tell(x.depth);
    tell(x.origin_server_ts);
    tell(x.prev_events);
    tell(x.auth_events);
    tell(x.has_oversized_identifier);
    tell(std::string{x.rules().id});
    tell(x.source);
    if (x.redacted_because) tell(*x.redacted_because);
  }
  void tell(const matrix::json::object& x) {
    text += "{";
    for (const auto& [key, mapped] : x) {
      tell(key);
      tell(mapped);
    }
    text += "}";
  }
  void tell(const matrix::json::value& x) {
    std::visit([this](const auto& one) { tell_json(one); }, x.content());
  }
  void tell_json(std::nullptr_t) { text += "nil;"; }
  void tell_json(const matrix::json::number_text& x) { text += "number " + x.text + ";"; }
  void tell_json(const auto& x) { tell(x); }
  void tell(const matrix::endpoint_match& x) {
    tell(x.info->id);
    tell(x.parameters);
    tell(x.query);
  }
  void tell(const chat::command& x) {
    tell(std::string{chat::name(x)});
    tell(chat::encode(x));
  }
};

template <is_struct T>
T made(std::uint64_t seed) {
  T x;
  maker{seed}.make(x);
  return x;
}
template <is_struct T>
std::string told(const T& x) {
  teller to;
  to.tell(x);
  return std::move(to.text);
}

/// Calls `see` with a value of each type of message that crosses.
template <std::size_t I = 0>
void for_each_crossing_type(const auto& see) {
  if constexpr (I < crossing::message_types) {
    using content = std::variant_alternative_t<I, message_content>;
    if constexpr (crossing::can_cross<content>) see(content{});
    for_each_crossing_type<I + 1>(see);
  }
}

} // namespace causeway::test
