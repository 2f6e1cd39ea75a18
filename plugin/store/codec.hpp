#pragma once
#include "messages/fault.hpp"
#include "messages/matrix/signing.hpp"
#include "messages/matrix/state_map.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Columns that hold more than one value, as msgpack.
namespace causeway::store {

/// The words of a text, which stand between blanks: how version 7 of the schema kept lists.
std::vector<std::string> words_of(std::string_view text);

/// ["a", "b", ...]
std::string encode_strings(const std::vector<std::string>& x);
/// @returns store_damaged when the bytes are; so do the others
result<std::vector<std::string>> decode_strings(std::string_view bytes);

/// [type, state_key, event_id, type, ...]
std::string encode_entries(const matrix::state_map& x);
/// Applies the entries to `onto`; an empty event id removes the key.
status apply_entries(std::string_view bytes, matrix::state_map& onto);

/// {key_id: [public_key_base64, valid_until_ts, is_old]}; where the id stood for others before, a fourth:
/// [public_key_base64, valid_until_ts, ...]
std::string encode_keys(const matrix::verify_keys& x);
result<matrix::verify_keys> decode_keys(std::string_view bytes);

} // namespace causeway::store
