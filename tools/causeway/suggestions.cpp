#include "tools/causeway/suggestions.hpp"

#include <algorithm>
#include <utility>

namespace causeway::tools {

namespace {

constexpr std::size_t suggestions_max = 3;
/// From so many letters on the beginning of a word is taken for the word.
constexpr std::size_t beginning_letters_min = 2;
/// Longer words are no typing errors; the table below grows with the square.
constexpr std::size_t word_letters_max = 64;

std::size_t distance_allowed(std::string_view word) {
  return word.size() < 4 ? 1 : std::max<std::size_t>(2, word.size() / 3);
}

} // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Rows of the usual table: the two before the one that is made, for neighbours that were swapped.
  std::vector<std::size_t> earlier(b.size() + 1), before(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    earlier.swap(before);
    before.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({before[j] + 1, row[j - 1] + 1, before[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], earlier[j - 2] + 1);
    }
  }
  return row[b.size()];
}

std::vector<std::string_view> close_to(std::string_view word, const std::vector<std::string_view>& known) {
  std::vector<std::pair<std::size_t, std::string_view>> found;
  if (word.empty() || word.size() > word_letters_max) return {};
  for (const auto each : known) {
    const auto distance = edit_distance(word, each);
    const bool begins = word.size() >= beginning_letters_min && each.starts_with(word);
    if (begins || distance <= distance_allowed(word)) found.emplace_back(begins ? 0 : distance, each);
  }
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  if (found.size() > suggestions_max) found.resize(suggestions_max);
  std::vector<std::string_view> out;
  for (const auto& [distance, each] : found) out.push_back(each);
  return out;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known) {
  std::string out;
  for (const auto each : close_to(word, known))
    out += (out.empty() ? "; did you mean `" : ", `") + std::string{each} + "`";
  return out.empty() ? out : out + "?";
}

} // namespace causeway::tools
