#include "tools/causeway/command_tree.hpp"

#include <algorithm>
#include <type_traits>

namespace causeway::tools {

namespace {

std::string without_brackets(std::string_view name) {
  if (name.starts_with('[')) name = name.substr(1, name.size() - 2);
  if (name.ends_with("...")) name.remove_suffix(3);
  return std::string{name};
}

std::string doc_of_noun(std::string_view word) {
  for (const auto& x : nouns())
    if (x.word == word) return std::string{x.sentence};
  return {};
}

} // namespace

command_tree::command_tree(command_line& into) : into_(into), app_("", "causeway") {
  app_.require_subcommand(1);
  app_.fallthrough();
  for (const auto& x : common_options()) add(app_, x);
  for (const auto& x : commands()) {
    auto* node = at(x.words());
    node->description(std::string{x.sentence});
    node->require_subcommand(0);
    // That of the innermost word is called first.
    node->final_callback([this, &x] {
      if (chosen_ == nullptr) chosen_ = &x;
    });
    for (const auto& p : x.takes) add(*node, p);
  }
}

/// The node of these words, made with those above it.
CLI::App* command_tree::at(const std::vector<std::string_view>& words) {
  std::string path;
  auto* node = &app_;
  for (const auto word : words) {
    path += (path.empty() ? "" : " ") + std::string{word};
    auto& known = by_path_[path];
    if (known == nullptr) {
      known = node->add_subcommand(std::string{word}, doc_of_noun(word));
      known->require_subcommand(1); // unless it is a command of its own
    }
    node = known;
  }
  return node;
}

void command_tree::add(CLI::App& to, const parameter& x) {
  const std::string name = x.is_option() ? std::string{x.name} : without_brackets(x.name);
  const std::string doc{x.doc};
  CLI::Option* made = std::visit(
    [&](auto* value) -> CLI::Option* {
      using type = std::remove_pointer_t<decltype(value)>;
      if constexpr (std::is_same_v<type, bool>) {
        return to.add_flag(name, *value, doc);
      } else if constexpr (std::is_same_v<type, optional_value>) {
        auto* option = to.add_option(name, value->value, doc)->expected(0, 1);
        optional_values_.emplace_back(option, value);
        return option;
      } else {
        return to.add_option(name, *value, doc);
      }
    },
    x.where(into_));
  // Once each, so that what stands behind is not taken for one more.
  if (x.is_option() && std::holds_alternative<std::vector<std::string>*>(x.where(into_))) made->allow_extra_args(false);
  if (x.check != nullptr) made->check(x.check);
  if (x.is_required()) made->required();
}

void command_tree::parse(int argc, char** argv) {
  app_.parse(argc, argv);
  for (const auto& [option, value] : optional_values_)
    if (option->count() > 0) value->is_given = true;
}

} // namespace causeway::tools
