#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// What somebody may have meant who wrote a word that there is not. Pure.
namespace causeway::tools {

/// Letters inserted, left out, replaced, or swapped with their neighbour that make `b` of `a`.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// At most three of `known` that `word` is close to, the closest first: by a third of its letters, or by its beginning.
std::vector<std::string_view> close_to(std::string_view word, const std::vector<std::string_view>& known);

/// "; did you mean `server`, `servers`?", or nothing where nothing is close.
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known);

} // namespace causeway::tools
