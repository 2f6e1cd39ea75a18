#include "messages/chat/description.hpp"

#include "messages/chat/acknowledgement.hpp"
#include "messages/chat/commands.hpp"
#include "messages/chat/fault_body.hpp"
#include "messages/chat/notifications.hpp"
#include "messages/edge/header.hpp"

#include <algorithm>
#include <limits>
#include <type_traits>
#include <utility>

namespace causeway::chat {
namespace {

template <class T>
map_description describe(std::string name);

/// Collects fields; values are those of a default-constructed struct.
class describer {
public:
  using type = field_description::type;

  template <class T>
  void required(const char* key, const T& x, const char* says = "", const edge::field& is = {}) {
    add(key, x, says, is);
  }
  template <class T>
  void optional(const char* key, const T& x, const char* says = "", const edge::field& is = {}) {
    auto& added = add(key, x, says, is);
    added.required = false;
    if constexpr (requires { x.has_value(); }) added.always_there = false;
    else added.by_default = json(x);
  }
  void id(const char* key, const std::string& x, const char* says = "") { named(key, x, says, {}, type::id); }
  void user(const char* key, const std::string& x, const char* says = "") { named(key, x, says, {}, type::user); }
  void optional_id(const char* key, const std::optional<std::string>& x, const char* says = "") {
    optional(key, x, says);
    all.back().is = type::id;
  }
  void optional_user(const char* key, const std::optional<std::string>& x, const char* says = "") {
    optional(key, x, says);
    all.back().is = type::user;
  }
  void ids(const char* key, const std::vector<std::string>& x, const char* says, const edge::field& is) {
    named(key, x, says, is, type::id).required = false;
  }
  void users(const char* key, const std::vector<std::string>& x, const char* says, const edge::field& is) {
    named(key, x, says, is, type::user).required = false;
  }
  void blob(const char* key, const std::string& x, const char* says, const edge::field& is) {
    named(key, x, says, is, type::bytes);
  }
  void optional_blob(const char* key, const std::string& x, const char* says, const edge::field& is) {
    named(key, x, says, is, type::bytes).required = false;
  }

  std::vector<field_description> all;

private:
  template <class T>
  field_description& named(const char* key, const T& x, const char* says, const edge::field& is, type what) {
    auto& added = add(key, x, says, is);
    added.is = what;
    return added;
  }
  template <class T>
  field_description& add(const char* key, const T&, const char* says, const edge::field& is) {
    field_description x;
    x.key = key;
    x.says = says;
    x.bounds = is;
    for (const auto* word : is.words) x.words.emplace_back(word);
    type_of<T>(x);
    all.push_back(std::move(x));
    return all.back();
  }

  template <class T>
  static void type_of(field_description& x) {
    if constexpr (std::is_same_v<T, std::string>) x.is = type::text;
    else if constexpr (std::is_same_v<T, bool>) x.is = type::boolean;
    else if constexpr (std::is_integral_v<T>) {
      x.is = type::number;
      x.is_signed = std::is_signed_v<T>;
      if (std::is_same_v<T, std::uint32_t>) x.bounds.most = std::numeric_limits<std::uint32_t>::max();
    } else if constexpr (std::is_enum_v<T>) {
      x.is = type::word;
      for (const auto* word : edge::wire_names<T>::names) x.words.emplace_back(word);
    } else if constexpr (requires { typename T::mapped_type; }) {
      x.is = std::is_same_v<typename T::mapped_type, std::string> ? type::texts_by_text : type::numbers_by_text;
      x.is_signed = true;
    } else if constexpr (requires(T& list) { list.push_back(list.front()); }) {
      type_of<typename T::value_type>(x);
      x.is_list = true;
    } else if constexpr (requires(const T& one) { one.has_value(); }) type_of<typename T::value_type>(x);
    else {
      x.is = type::map;
      x.inner = std::make_shared<map_description>(describe<T>(T::name));
    }
  }
  template <class T>
  static std::string json(const T& x) {
    if constexpr (std::is_same_v<T, bool>) return x ? "true" : "false";
    else if constexpr (std::is_integral_v<T>) return std::to_string(x);
    else if constexpr (std::is_enum_v<T>) {
      return '"' + std::string{edge::wire_names<T>::names[static_cast<std::size_t>(x)]} + '"';
    } else return {};
  }
};

template <class T>
map_description describe(std::string name) {
  describer all;
  const T x{};
  T::fields(all, x);
  return {std::move(name), std::move(all.all)};
}

template <class T>
command_description describe_command() {
  command_description x{
    T::name, T::says, {}, describe<T>(T::name), describe<typename T::answered_by>(T::answered_by::name)};
  if constexpr (requires { T::faults; }) x.faults.assign(std::begin(T::faults), std::end(T::faults));
  return x;
}

template <class T>
event_description describe_event(bool is_durable) {
  return {T::name, T::says, is_durable, describe<T>(T::name)};
}

template <class Header>
verb_description describe_verb(edge::verb what, const char* from, const char* body = "") {
  const std::string name{edge::name(what)};
  return {name, static_cast<char>(what), from, body, describe<Header>(name)};
}

/// Maps within `x`, the innermost first.
void collect(const map_description& x, std::vector<const map_description*>& all) {
  for (const auto& field : x.fields) {
    if (!field.inner) continue;
    collect(*field.inner, all);
    if (std::ranges::none_of(all, [&](const auto* other) { return other->name == field.inner->name; }))
      all.push_back(field.inner.get());
  }
}

} // namespace

const std::vector<command_description>& described_commands() {
  static const auto all = []<std::size_t... I>(std::index_sequence<I...>) {
    return std::vector<command_description>{describe_command<std::variant_alternative_t<I, command_content>>()...};
  }(std::make_index_sequence<std::variant_size_v<command_content>>{});
  return all;
}

const std::vector<event_description>& described_events() {
  static const auto all = []<std::size_t... I>(std::index_sequence<I...>) {
    return std::vector<event_description>{describe_event<std::variant_alternative_t<I, notification_content>>(true)...,
                                          describe_event<join_progress>(false),
                                          describe_event<typing_changed>(false),
                                          describe_event<media_available>(false),
                                          describe_event<ask_user>(false),
                                          describe_event<receipt_changed>(false),
                                          describe_event<presence_changed>(false)};
  }(std::make_index_sequence<std::variant_size_v<notification_content>>{});
  return all;
}

const std::vector<verb_description>& described_verbs() {
  using namespace edge;
  static const std::vector<verb_description> all = {
    describe_verb<hello_header>(verb::hello, "peer"),
    describe_verb<welcome_header>(verb::welcome, "broker"),
    describe_verb<command_header>(verb::command, "peer", "fields of the command"),
    describe_verb<result_header>(verb::result, "broker", "answer, or fault"),
    describe_verb<event_header>(verb::event, "broker", "fields of the event"),
    describe_verb<ack_header>(verb::ack, "peer", "`bind`?, or nothing"),
    describe_verb<nack_header>(verb::nack, "peer"),
    describe_verb<credit_header>(verb::credit, "peer"),
    describe_verb<seek_header>(verb::seek, "peer"),
    describe_verb<sought_header>(verb::seek, "broker"),
    describe_verb<ping_header>(verb::ping, "both"),
    describe_verb<ping_header>(verb::pong, "both"),
    describe_verb<bye_header>(verb::bye, "both"),
    describe_verb<error_header>(verb::error, "both", "fault"),
  };
  return all;
}

const map_description& described_acknowledgement() {
  static const auto x = describe<acknowledgement>(acknowledgement::name);
  return x;
}

const map_description& described_fault() {
  static const auto x = describe<fault_body>(fault_body::name);
  return x;
}

std::vector<const map_description*> described_maps() {
  std::vector<const map_description*> all;
  for (const auto& x : described_commands()) {
    collect(x.body, all);
    collect(x.answer, all);
  }
  for (const auto& x : described_events()) collect(x.body, all);
  for (const auto& x : described_verbs()) collect(x.header, all);
  collect(described_acknowledgement(), all);
  return all;
}

std::vector<const map_description*> described_answers() {
  std::vector<const map_description*> all;
  for (const auto& x : described_commands())
    if (std::ranges::none_of(all, [&](const auto* other) { return other->name == x.answer.name; }))
      all.push_back(&x.answer);
  return all;
}

} // namespace causeway::chat
