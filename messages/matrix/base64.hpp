#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// Base64 as Matrix writes it: without padding. Source: appendices, "Unpadded Base64".
namespace causeway::matrix {

std::string base64_encode(std::string_view bytes);
std::string base64url_encode(std::string_view bytes);
/// Accepts both alphabets, with or without padding; nothing for any other character or length.
std::optional<std::string> base64_decode(std::string_view text);
/// Base64 in events as Synapse reads it (Python's `base64.b64decode`): foreign ASCII characters are passed over, and so
/// is what stands behind complete padding. Whether a hash or a signature can be read decides whether an event is one.
std::optional<std::string> base64_decode_as_servers(std::string_view text);

} // namespace causeway::matrix
