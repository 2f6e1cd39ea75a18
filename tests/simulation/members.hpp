#pragma once
#include <cstddef>
#include <optional>
#include <tuple>
#include <type_traits>
#include <variant>

/// The members of a plain struct (an aggregate without base classes) as a tuple of references, so that a test can walk
/// what it does not know by name, and no member that is added later is forgotten.
namespace causeway::simulation {

template <class T>
struct is_sum : std::false_type {};
template <class T>
struct is_sum<std::optional<T>> : std::true_type {};
template <class... Ts>
struct is_sum<std::variant<Ts...>> : std::true_type {};

/// Stand for a value of any type, in unevaluated code only. Optionals and variants can be made of any value themselves:
/// they have one of their own, so that no two ways lead to them.
struct any_plain {
  template <class T>
    requires(!is_sum<T>::value)
  constexpr operator T() const;
};
struct any_sum {
  template <class T>
    requires(is_sum<T>::value)
  constexpr operator T() const;
};

/// Number of members of the aggregate `T`.
template <class T, class... Values>
consteval std::size_t count_members() {
  if constexpr (requires { T{Values{}..., any_plain{}}; }) return count_members<T, Values..., any_plain>();
  else if constexpr (requires { T{Values{}..., any_sum{}}; }) return count_members<T, Values..., any_sum>();
  else return sizeof...(Values);
}

inline constexpr std::size_t members_max = 26;

template <class T>
constexpr auto members_of(const T& x) {
  constexpr auto count = count_members<T>();
  static_assert(count <= members_max, "a line more is needed below");
  if constexpr (count == 0) return std::tuple<>{};
  else if constexpr (count == 1) {
    const auto& [m1] = x;
    return std::tie(m1);
  } else if constexpr (count == 2) {
    const auto& [m1, m2] = x;
    return std::tie(m1, m2);
  } else if constexpr (count == 3) {
    const auto& [m1, m2, m3] = x;
    return std::tie(m1, m2, m3);
  } else if constexpr (count == 4) {
    const auto& [m1, m2, m3, m4] = x;
    return std::tie(m1, m2, m3, m4);
  } else if constexpr (count == 5) {
    const auto& [m1, m2, m3, m4, m5] = x;
    return std::tie(m1, m2, m3, m4, m5);
  } else if constexpr (count == 6) {
    const auto& [m1, m2, m3, m4, m5, m6] = x;
    return std::tie(m1, m2, m3, m4, m5, m6);
  } else if constexpr (count == 7) {
    const auto& [m1, m2, m3, m4, m5, m6, m7] = x;
    return std::tie(m1, m2, m3, m4, m5, m6, m7);
  } else if constexpr (count == 8) {
    const auto& [m1, m2, m3, m4, m5, m6, m7, m8] = x;
    return std::tie(m1, m2, m3, m4, m5, m6, m7, m8);
  } else if constexpr (count == 9) {
    const auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9] = x;
    return std::tie(m1, m2, m3, m4, m5, m6, m7, m8, m9);
  } else if constexpr (count == 10) {
    const auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10] = x;
    return std::tie(m1, m2, m3, m4, m5, m6, m7, m8, m9, m10);
  } else if constexpr (count == 11) {
    const auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11] = x;
    return std::tie(m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11);
  } else if constexpr (count == 12) {
    const auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12] = x;
    return std::tie(m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12);
  } else if constexpr (count == 13) {
    const auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13] = x;
    return std::tie(m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13);
  } else if constexpr (count == 14) {
    const auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14] = x;
    return std::tie(m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14);
  } else if constexpr (count == 15) {
    const auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15] = x;
    return std::tie(m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15);
  } else if constexpr (count == 16) {
    const auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16] = x;
    return std::tie(m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16);
  } else if constexpr (count == 17) {
    const auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17] = x;
    return std::tie(m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17);
  } else if constexpr (count == 18) {
    const auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18] = x;
    return std::tie(m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18);
  } else if constexpr (count == 19) {
    const auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19] = x;
    return std::tie(m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19);
  } else if constexpr (count == 20) {
    const auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20] = x;
    return std::tie(m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20);
  } else if constexpr (count == 21) {
    const auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21] = x;
    return std::tie(m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21);
  } else if constexpr (count == 22) {
    const auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22] =
      x;
    return std::tie(m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21,
                    m22);
  } else if constexpr (count == 23) {
    const auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22,
                 m23] = x;
    return std::tie(m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22,
                    m23);
  } else if constexpr (count == 24) {
    const auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22,
                 m23, m24] = x;
    return std::tie(m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22,
                    m23, m24);
  } else if constexpr (count == 25) {
    const auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22,
                 m23, m24, m25] = x;
    return std::tie(m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22,
                    m23, m24, m25);
  } else if constexpr (count == 26) {
    const auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22,
                 m23, m24, m25, m26] = x;
    return std::tie(m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22,
                    m23, m24, m25, m26);
  }
}

} // namespace causeway::simulation
