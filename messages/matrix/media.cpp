#include "messages/matrix/media.hpp"

#include "messages/limits.hpp"
#include "messages/matrix/endpoints.hpp"
#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/json.hpp"

#include <algorithm>
#include <array>

namespace causeway::matrix {
namespace {

constexpr std::string_view mxc_scheme = "mxc://";
constexpr std::string_view unknown_type = "application/octet-stream";
constexpr std::size_t value_bytes_max = 4'096;
constexpr std::size_t parameters_max = 16;
constexpr std::size_t file_name_bytes_max = 255;

/// Spec: client-server-api, "Serving inline content".
constexpr std::array<std::string_view, 26> inline_safe{
  "text/css",   "text/plain",  "text/csv",        "application/json", "application/ld+json", "image/jpeg",
  "image/gif",  "image/png",   "image/apng",      "image/webp",       "image/avif",          "video/mp4",
  "video/webm", "video/ogg",   "video/quicktime", "audio/mp4",        "audio/webm",          "audio/aac",
  "audio/mpeg", "audio/ogg",   "audio/wave",      "audio/wav",        "audio/x-wav",         "audio/x-pn-wav",
  "audio/flac", "audio/x-flac"};

bool is_token_char(char c) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || marks.find(c) != marks.npos;
}

std::string lower(std::string_view text) {
  std::string out{text};
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

/// Reads a header value from left to right.
class scanner {
public:
  explicit scanner(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  void skip_space() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) rest_.remove_prefix(1);
  }
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::string_view token() {
    std::size_t n = 0;
    while (n < rest_.size() && is_token_char(rest_[n])) ++n;
    const auto out = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return out;
  }
  /// A quoted string, or text up to the next ';' (servers send unquoted boundaries with characters no token has).
  std::optional<std::string> value() {
    std::string out;
    if (take('"')) {
      while (!rest_.empty()) {
        char c = rest_.front();
        rest_.remove_prefix(1);
        if (c == '"') return out;
        if (c == '\\') {
          if (rest_.empty()) return {};
          c = rest_.front();
          rest_.remove_prefix(1);
        }
        out += c;
      }
      return {};
    }
    const auto end = std::min(rest_.find(';'), rest_.size());
    out = rest_.substr(0, end);
    rest_.remove_prefix(end);
    while (!out.empty() && (out.back() == ' ' || out.back() == '\t')) out.pop_back();
    if (out.empty() || out.find_first_of(" \t\"") != out.npos) return {};
    return out;
  }

private:
  std::string_view rest_;
};

/// `utf-8''percent-encoded` of RFC 8187; nothing for another character set.
std::optional<std::string> decode_extended(std::string_view text) {
  const auto first = text.find('\'');
  const auto second = first == text.npos ? text.npos : text.find('\'', first + 1);
  if (second == text.npos || lower(text.substr(0, first)) != "utf-8") return {};
  return percent_decode(text.substr(second + 1));
}

} // namespace

bool is_media_id(std::string_view text) {
  return !text.empty() && text.size() <= limits::media_id_bytes_max &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
         });
}

std::optional<mxc_parts> split_mxc(std::string_view text) {
  if (!text.starts_with(mxc_scheme)) return {};
  text.remove_prefix(mxc_scheme.size());
  const auto slash = text.find('/');
  if (slash == text.npos) return {};
  const mxc_parts out{text.substr(0, slash), text.substr(slash + 1)};
  if (!is_server_name(out.server_name) || !is_media_id(out.media_id)) return {};
  return out;
}

std::string make_mxc(std::string_view server_name, std::string_view media_id) {
  std::string out{mxc_scheme};
  out.append(server_name).append("/").append(media_id);
  return out;
}

const std::string* header_value::find(std::string_view name) const {
  const auto at = std::find_if(parameters.begin(), parameters.end(), [&](const auto& x) { return x.first == name; });
  return at == parameters.end() ? nullptr : &at->second;
}

std::optional<header_value> parse_header_value(std::string_view text) {
  if (text.size() > value_bytes_max) return {};
  if (std::any_of(text.begin(), text.end(), [](unsigned char c) { return (c < ' ' && c != '\t') || c == 0x7f; }))
    return {};
  scanner in{text};
  in.skip_space();
  header_value out;
  out.first = lower(in.token());
  if (out.first.empty()) return {};
  if (in.take('/')) {
    const auto subtype = in.token();
    if (subtype.empty()) return {};
    out.first += '/' + lower(subtype);
  }
  for (;;) {
    in.skip_space();
    if (in.at_end()) return out;
    if (!in.take(';')) return {};
    in.skip_space();
    if (in.at_end()) return out; // a ';' with nothing behind it
    const auto name = in.token();
    in.skip_space();
    if (name.empty() || !in.take('=') || out.parameters.size() == parameters_max) return {};
    in.skip_space();
    auto value = in.value();
    if (!value) return {};
    out.parameters.emplace_back(lower(name), std::move(*value));
  }
}

std::optional<header_value> parse_media_type(std::string_view text) {
  auto out = parse_header_value(text);
  if (!out || out->first.find('/') == std::string::npos) return {};
  return out;
}

bool is_inline_safe(std::string_view media_type) {
  const auto parsed = parse_media_type(media_type);
  return parsed && std::find(inline_safe.begin(), inline_safe.end(), parsed->first) != inline_safe.end();
}

std::string served_media_type(std::string_view told) {
  const bool visible = std::all_of(told.begin(), told.end(), [](unsigned char c) { return c >= ' ' && c <= '~'; });
  return std::string{visible && parse_media_type(told) ? told : unknown_type};
}

std::string content_disposition(std::string_view media_type, std::string_view file_name) {
  std::string out = is_inline_safe(media_type) ? "inline" : "attachment";
  const auto name = safe_file_name(file_name);
  if (name.empty()) return out;
  const bool plain = std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return c >= ' ' && c <= '~' && c != '"' && c != '\\' && c != '%';
  });
  if (plain) return out + "; filename=\"" + name + '"';
  return out + "; filename*=utf-8''" + percent_encode(name);
}

std::string file_name_of(std::string_view content_disposition) {
  const auto parsed = parse_header_value(content_disposition);
  if (!parsed) return {};
  if (const auto* extended = parsed->find("filename*"))
    if (const auto decoded = decode_extended(*extended)) return safe_file_name(*decoded);
  if (const auto* plain = parsed->find("filename")) return safe_file_name(*plain);
  return {};
}

std::string safe_file_name(std::string_view told) {
  if (const auto folder = told.find_last_of("/\\"); folder != told.npos) told.remove_prefix(folder + 1);
  std::string out;
  for (const char c : told)
    if (static_cast<unsigned char>(c) >= ' ' && c != 0x7f) out += c;
  if (out.size() > file_name_bytes_max) {
    auto end = file_name_bytes_max;
    while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xc0) == 0x80) --end; // whole characters only
    out.resize(end);
  }
  if (out == "." || out == ".." || !json::is_utf8(out)) return {};
  return out;
}

} // namespace causeway::matrix
