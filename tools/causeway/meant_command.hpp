#pragma once
#include <string>
#include <string_view>
#include <vector>

/// Which command somebody may have meant whose words are those of none, and who made no typing error: the words in
/// another order, those of another program, a verb behind a list. Made from the table. Pure.
namespace causeway::tools {

/// @param before  the words before it, which are known
/// @param word  the first that is not
/// @param next  what stands behind it; empty: nothing
/// @returns paths of commands, at most three; empty: nobody knows
std::vector<std::string_view> meant_commands(const std::vector<std::string_view>& before, std::string_view word,
                                             std::string_view next);

/// Words of other programs and of the design, and the command that shows what they stand for.
struct other_word {
  std::string_view word, path;
};
const std::vector<other_word>& other_words();

} // namespace causeway::tools
