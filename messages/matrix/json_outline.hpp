#pragma once
#include "messages/fault.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// What a JSON object has, without reading it: the answer to a join may be 256 MiB, and whoever asked reads it anyway.
namespace causeway::matrix::json {

enum class value_kind : std::uint8_t { null, boolean, number, string, list, object };

struct outline_member {
  std::string key;
  value_kind kind = value_kind::null;
  bool is_empty = false; ///< of a list or object: nothing is in it
};

/// Members of one object that are looked at; one with more is no answer to anything.
inline constexpr std::size_t outline_members_max = 10'000;

/// The members of the object that is `text`, in order. Values are passed by their brackets and quotes, without
/// recursion: what stands inside of them may still be no JSON. Some 2 GB/s.
/// @returns faults not_json (no object, cut off, text behind it), too_large
result<std::vector<outline_member>> outline(std::string_view text);

} // namespace causeway::matrix::json
