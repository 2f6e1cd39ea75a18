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

} // namespace causeway::matrix
