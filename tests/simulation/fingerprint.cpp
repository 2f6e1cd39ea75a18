#include "tests/simulation/fingerprint.hpp"

#include "messages/message.hpp"
#include "tests/simulation/members.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ranges>
#include <string_view>
#include <type_traits>
#include <vector>

namespace causeway::simulation {
namespace {

/// FNV-1a, which does not depend on the library or the machine.
struct digest {
  std::uint64_t value = 14695981039346656037U;
  void byte(std::uint8_t x) { value = (value ^ x) * 1099511628211U; }
  void number(std::uint64_t x) {
    for (int i = 0; i < 64; i += 8) byte(static_cast<std::uint8_t>(x >> i));
  }
  void text(std::string_view x) {
    number(x.size());
    for (const char c : x) byte(static_cast<std::uint8_t>(c));
  }
};

template <class T>
concept optional_like = requires(const T& x) {
  x.has_value();
  *x;
};
template <class T>
concept result_like = optional_like<T> && requires(const T& x) { x.error(); };
template <class T>
concept pointer_like = std::is_pointer_v<T> || requires(const T& x) {
  x.get();
  *x;
};
template <class T>
concept pair_like = requires(const T& x) {
  x.first;
  x.second;
};
template <class T>
concept hashed = requires { typename T::hasher; };
template <class... Ts>
std::true_type is_variant_of(const std::variant<Ts...>&);
std::false_type is_variant_of(...);
template <class T>
concept variant_like = decltype(is_variant_of(std::declval<const T&>()))::value;

class walker {
public:
  walker(digest& to, std::unordered_map<std::uint64_t, std::uint64_t>& order) : to_{to}, order_{order} {}

  template <class T>
  void add(const T& x) {
    if constexpr (std::is_same_v<T, std::uint64_t>)
      to_.number(x == 0 ? 0 : order_.try_emplace(x, order_.size() + 1).first->second);
    else if constexpr (std::is_same_v<T, matrix::membership>) to_.text(name(x)); // it was a text once
    else if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) to_.number(static_cast<std::uint64_t>(x));
    else if constexpr (std::is_same_v<T, std::optional<chat::room_type>>)
      to_.text(x ? name(*x) : std::string_view{});           // likewise, and empty where it is not known
    else if constexpr (std::is_same_v<T, shard_set>) return; // it follows from the actor and what it writes
    else if constexpr (std::is_same_v<T, timer_name>) to_.text(to_string(x)); // timers were texts once
    else if constexpr (std::is_floating_point_v<T>) to_.text(std::to_string(x));
    else if constexpr (std::is_convertible_v<const T&, std::string_view>) to_.text(x);
    else if constexpr (std::is_same_v<T, std::nullptr_t>) to_.byte(0);
    else if constexpr (std::is_same_v<T, matrix::json::value>) add(x.content());
    else if constexpr (std::is_same_v<T, matrix::event>) add_event(x);
    else if constexpr (variant_like<T>) add_variant(x);
    else if constexpr (result_like<T>) {
      to_.byte(x.has_value());
      if (x.has_value()) add(*x);
      else add(x.error());
    } else if constexpr (optional_like<T>) {
      to_.byte(x.has_value());
      if (x.has_value()) add(*x);
    } else if constexpr (pointer_like<T>) {
      to_.byte(x != nullptr);
      if (x != nullptr) add(*x);
    } else if constexpr (hashed<T>) add_unordered(x);
    else if constexpr (std::ranges::range<const T>) {
      to_.number(static_cast<std::uint64_t>(std::ranges::distance(x)));
      for (const auto& e : x) add(e);
    } else if constexpr (pair_like<T>) {
      add(x.first);
      add(x.second);
    } else {
      static_assert(std::is_aggregate_v<T>, "say what of it counts");
      std::apply([this](const auto&... m) { (add(m), ...); }, members_of(x));
    }
  }

private:
  void add_event(const matrix::event& x) {
    to_.text(x.event_id);
    to_.text(x.to_json()); // signatures and what a redaction removes are no part of the id
  }
  template <class T>
  void add_variant(const T& x) {
    to_.number(x.index());
    std::visit([this](const auto& is) { add(is); }, *as_variant(&x));
  }
  template <class... Ts>
  static const std::variant<Ts...>* as_variant(const std::variant<Ts...>* x) {
    return x;
  }
  /// In whatever order the library keeps them: what is in it counts.
  template <class T>
  void add_unordered(const T& x) {
    std::vector<std::uint64_t> each;
    for (const auto& e : x) {
      digest one;
      walker{one, order_}.add(e);
      each.push_back(one.value);
    }
    std::ranges::sort(each);
    add_all(each);
  }
  void add_all(const std::vector<std::uint64_t>& list) {
    to_.number(list.size());
    for (const auto x : list) to_.number(x);
  }

  digest& to_;
  std::unordered_map<std::uint64_t, std::uint64_t>& order_;
};

} // namespace

bool are_timers_aside() {
  static const bool aside = std::getenv("CAUSEWAY_TIMERS_ASIDE") != nullptr;
  return aside;
}

void fingerprint::add(const address& who, names& of, const effects& list) {
  const auto is_left_out = [](const effect& e) { return are_timers_aside() && std::holds_alternative<wake_me_at>(e); };
  if (are_timers_aside() && std::ranges::all_of(list, is_left_out))
    return; // the timer of the other build has another moment
  digest seen{effects_}, logged{logs_};
  walker effects_of{seen, of.order_}, logs_of{logged, of.order_};
  effects_of.add(who);
  logs_of.add(who);
  const auto take = [&](const auto& self, const effect& e) -> void {
    if (const auto* n = std::get_if<note>(&e)) { // not its trace, which the shell knows
      logs_of.add(n->level);
      logs_of.add(n->what);
      return logs_of.add(n->fields);
    }
    if (is_left_out(e)) return;
    seen.number(e.index());
    if (const auto* p = std::get_if<persist>(&e)) {
      effects_of.add(p->batch);
      seen.number(p->then.size() - static_cast<std::size_t>(std::ranges::count_if(
                                     p->then, [](const effect& x) { return std::holds_alternative<note>(x); })));
      for (const auto& x : p->then) self(self, x);
    } else if (const auto* t = std::get_if<tell>(&e)) effects_of.add(*t);
    else if (const auto* a = std::get_if<ask_store>(&e)) effects_of.add(*a);
    else if (const auto* w = std::get_if<wake_me_at>(&e)) effects_of.add(*w);
    else if (const auto* f = std::get_if<finish>(&e)) effects_of.add(*f);
  };
  for (const auto& e : list) take(take, e);
  effects_ = seen.value;
  logs_ = logged.value;
}

std::string to_hex(std::uint64_t x) {
  std::array<char, 17> out{};
  std::snprintf(out.data(), out.size(), "%016llx", static_cast<unsigned long long>(x));
  return out.data();
}

} // namespace causeway::simulation
