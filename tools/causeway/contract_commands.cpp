#include "tools/causeway/contract_commands.hpp"

#include "messages/chat/asyncapi.hpp"
#include "messages/chat/contract_tables.hpp"
#include "tools/causeway/terminal.hpp"

#include <cstdio>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace causeway::tools {

int print_asyncapi() {
  const auto text = chat::asyncapi();
  std::fwrite(text.data(), 1, text.size(), stdout);
  return exit_ok;
}

int print_contract_tables(const std::string& file) {
  std::ifstream in{file, std::ios::binary};
  const std::string page{std::istreambuf_iterator<char>{in}, {}};
  if (!in) throw std::runtime_error("cannot read " + file);
  const auto printed = chat::with_tables(page);
  if (!printed) throw std::runtime_error(file + ": " + printed.error().detail);
  if (*printed == page) return exit_ok;
  std::ofstream out{file, std::ios::binary | std::ios::trunc};
  out << *printed << std::flush;
  if (!out) throw std::runtime_error("cannot write " + file);
  return exit_ok;
}

} // namespace causeway::tools
