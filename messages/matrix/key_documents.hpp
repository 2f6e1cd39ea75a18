#pragma once
#include "messages/matrix/json.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// What a notary keeps of other servers: their own signed answers of /key/v2/server, as many as it takes to prove every
/// key they ever told. Source: server-server-api, "Querying keys through another server".
namespace causeway::matrix {

/// Documents of one server, canonical JSON each, the latest first.
using key_documents = std::vector<std::string>;

inline constexpr std::size_t key_documents_max = 16;
/// One document; a larger one is not kept. Of `limits::server_keys_max` keys with names of ordinary length it has 12
/// KiB.
inline constexpr std::size_t key_document_bytes_max = 16 * 1024;
/// All documents of one server together.
inline constexpr std::size_t key_documents_bytes_max = 64 * 1024;

/// What is kept of a document and told to others: all that the server's signature needs. `unsigned` goes, other
/// servers' signatures, and those by keys the document does not list. Fields nobody knows are signed like the others
/// and have to stay, within the bound above.
json::object kept_form(const json::object& document, std::string_view server_name);

/// Adds `document`. An older one stays only while it lists a key, current or old, that no later one lists; the bounds
/// above let go of the oldest. It is kept in its `kept_form`.
/// @pre `check_server_keys(document, server_name, ..)` accepted it
key_documents with_document(const key_documents& known, const json::object& document, std::string_view server_name);

/// Those that list one of `key_ids`; the latest one when there is none, all when `key_ids` is empty.
std::vector<json::object> documents_with(const key_documents& known, const std::vector<std::string>& key_ids);

/// As one text, for the store: a JSON array.
std::string join_documents(const key_documents& x);
/// What cannot be read, or is over the bounds, is as if it had not been kept: earlier builds had wider ones.
key_documents split_documents(std::string_view text);

} // namespace causeway::matrix
