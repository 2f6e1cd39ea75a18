#pragma once
#include <string>

/// What is printed from the chat codec: for those who change Causeway, and for those who make clients from the
/// contract.
namespace causeway::tools {

/// The contract as an AsyncAPI 3 document, to standard output.
int print_asyncapi();

/// Prints the tables of a page (messages/chat/CONTRACT.md) anew, in place.
int print_contract_tables(const std::string& file);

} // namespace causeway::tools
