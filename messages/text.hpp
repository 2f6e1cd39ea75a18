#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a person sees of a text. Source: Unicode 15, White_Space, Default_Ignorable_Code_Point and the categories Cc
/// and Cf.
namespace causeway::text {

/// The next code point of `rest`, which is shortened by it; U+FFFD and one byte for what is no UTF-8. Nothing at the
/// end.
std::optional<char32_t> next_code_point(std::string_view& rest);

/// A blank of any width, a tab, an end of a line.
bool is_blank(char32_t x);
bool is_control(char32_t x);
/// Takes no room and leaves no mark by itself: zero-width, formatting and filling code points, variation selectors,
/// tags.
bool is_invisible(char32_t x);

/// Whether anything of it leaves a mark: false for "", blanks, and invisible code points alone.
bool shows_something(std::string_view text);

/// The first code point that cannot be seen for what it is in a name: a blank, a control character, an invisible one.
std::optional<char32_t> first_unseen(std::string_view text);
/// "U+200B"
std::string code_point_name(char32_t x);
/// For a fault: in quotes, at most 80 bytes of it, with what cannot be seen written as <U+200B>. Always UTF-8.
std::string quoted(std::string_view text);

/// The one of `candidates` that `word` may be a misspelling of: a letter in three left out, too many, wrong or
/// exchanged with its neighbour. Empty: none is like it. Words of some hundred bytes at most: the time grows with the
/// product of the lengths.
std::string likely_meant(std::string_view word, const std::vector<std::string>& candidates);

} // namespace causeway::text
