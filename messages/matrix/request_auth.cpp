#include "messages/matrix/request_auth.hpp"

#include "messages/matrix/ascii.hpp"
#include "messages/matrix/identifiers.hpp"

#include <algorithm>

namespace causeway::matrix {
namespace {

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lowered(x) == lowered(y); });
}

bool is_space(char x) { return x == ' ' || x == '\t'; }

/// Reads `name=value` pairs off a header, left to right.
class parameter_reader {
public:
  explicit parameter_reader(std::string_view text) : text_(text) {}

  /// Passes over empty elements of the list, which a reader of HTTP lists has to allow (RFC 9110, 5.6.1.2).
  bool at_end() {
    do skip_space();
    while (take(','));
    return text_.empty();
  }

  bool read(std::string_view& name, std::string& value) {
    skip_space();
    const auto name_end = std::min(text_.find_first_of("= \t,\""), text_.size());
    name = text_.substr(0, name_end);
    text_.remove_prefix(name_end);
    skip_space();
    if (name.empty() || !take('=')) return false;
    skip_space();
    if (!(take('"') ? read_quoted(value) : read_token(value))) return false;
    skip_space();
    return text_.empty() || take(',');
  }

private:
  void skip_space() {
    while (!text_.empty() && is_space(text_.front())) text_.remove_prefix(1);
  }
  bool take(char wanted) {
    if (!text_.starts_with(wanted)) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool read_quoted(std::string& value) {
    while (!text_.empty()) {
      if (take('"')) return true;
      if (take('\\') && text_.empty()) return false;
      value += text_.front();
      text_.remove_prefix(1);
    }
    return false;
  }
  /// Wider than a token of HTTP: peers send ':' unquoted.
  bool read_token(std::string& value) {
    const auto end = std::min(text_.find_first_of(" \t,\""), text_.size());
    value = text_.substr(0, end);
    text_.remove_prefix(end);
    return !value.empty();
  }

  std::string_view text_;
};

fault refused(std::string detail) { return {fault_code::unauthorized, std::move(detail)}; }

} // namespace

result<x_matrix> parse_x_matrix(std::string_view header) {
  constexpr std::string_view scheme = "X-Matrix";
  if (header.size() <= scheme.size() || !equal_ignoring_case(header.substr(0, scheme.size()), scheme) ||
      !is_space(header[scheme.size()]))
    return refused("Authorization: not X-Matrix");
  std::optional<std::string> origin, destination, key, signature;
  parameter_reader reader{header.substr(scheme.size())};
  while (!reader.at_end()) {
    std::string_view name;
    std::string value;
    if (!reader.read(name, value)) return refused("Authorization: malformed parameter");
    auto* slot = equal_ignoring_case(name, "origin")        ? &origin
                 : equal_ignoring_case(name, "destination") ? &destination
                 : equal_ignoring_case(name, "key")         ? &key
                 : equal_ignoring_case(name, "sig")         ? &signature
                                                            : nullptr;
    if (!slot) continue;
    if (*slot) return refused("Authorization: a parameter is repeated");
    *slot = std::move(value);
  }
  if (!origin) return refused("Authorization: origin is missing");
  if (!is_server_name(*origin))
    return refused("Authorization: origin is not a valid server name (a host name or address, with or without a port)");
  if (destination && !is_server_name(*destination))
    return refused("Authorization: destination is not a valid server name");
  if (!key || !is_verify_key_id(*key)) return refused("Authorization: key is missing or no ed25519 key id");
  if (!signature || signature->empty()) return refused("Authorization: sig is missing");
  return x_matrix{std::move(*origin), std::move(destination), std::move(*key), std::move(*signature)};
}

std::string request_signed_bytes_of_text(std::string_view method, std::string_view uri, std::string_view origin,
                                         std::string_view destination,
                                         std::optional<std::string_view> canonical_content) {
  std::string out;
  constexpr std::size_t keys_bytes = 64;
  out.reserve(keys_bytes + method.size() + uri.size() + origin.size() + destination.size() +
              (canonical_content ? canonical_content->size() : 0));
  out += '{';
  if (canonical_content) {
    out += "\"content\":";
    out += *canonical_content;
    out += ',';
  }
  const auto add = [&](std::string_view key, std::string_view text) {
    out += key;
    json::write_string(out, text);
  };
  add("\"destination\":", destination);
  add(",\"method\":", method);
  add(",\"origin\":", origin);
  add(",\"uri\":", uri);
  out += '}';
  return out;
}

std::string request_signed_bytes(std::string_view method, std::string_view uri, std::string_view origin,
                                 std::string_view destination, const json::value* content) {
  if (!content) return request_signed_bytes_of_text(method, uri, origin, destination, {});
  return request_signed_bytes_of_text(method, uri, origin, destination, json::canonical(*content));
}

std::string sign_request_of_text(std::string_view method, std::string_view uri, std::string_view origin,
                                 std::string_view destination, std::optional<std::string_view> canonical_content,
                                 const signing_key& key) {
  // Server names and key ids have no character that would need a backslash.
  std::string header = "X-Matrix origin=\"";
  header += origin;
  header += "\",destination=\"";
  header += destination;
  header += "\",key=\"";
  header += key.key_id();
  header += "\",sig=\"";
  header += key.sign(request_signed_bytes_of_text(method, uri, origin, destination, canonical_content));
  header += '"';
  return header;
}

origin_claim claimed_origin(const std::vector<std::string>& authorization) {
  origin_claim out;
  out.problem = refused("an X-Matrix Authorization header is required");
  for (const auto& header : authorization) {
    auto parsed = parse_x_matrix(header);
    if (!parsed) {
      out.problem = parsed.error();
      continue;
    }
    if (out.origin.empty()) out.origin = parsed->origin;
    if (parsed->origin == out.origin) out.headers.push_back(header);
  }
  return out;
}

std::string sign_request(std::string_view method, std::string_view uri, std::string_view origin,
                         std::string_view destination, const json::value* content, const signing_key& key) {
  if (!content) return sign_request_of_text(method, uri, origin, destination, {}, key);
  return sign_request_of_text(method, uri, origin, destination, json::canonical(*content), key);
}

} // namespace causeway::matrix
