#include "plugin/gateway/http_text.hpp"

#include "messages/matrix/json.hpp"

#include <utility>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/status.hpp>

#include <algorithm>
#include <array>

namespace causeway::gateway {
namespace {

constexpr int retry_after_s = 1;

bool is_token(std::string_view x) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !x.empty() && std::all_of(x.begin(), x.end(), [&](unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           marks.find(static_cast<char>(c)) != marks.npos;
  });
}

bool is_value(std::string_view x) {
  return std::all_of(x.begin(), x.end(), [](unsigned char c) { return c >= ' ' && c != 0x7f; });
}

bool is_ours(std::string_view name) {
  constexpr std::array<std::string_view, 5> ours{"content-length", "content-type", "connection", "date",
                                                 "transfer-encoding"};
  return std::any_of(ours.begin(), ours.end(), [&](std::string_view one) {
    return boost::beast::iequals({one.data(), one.size()}, {name.data(), name.size()});
  });
}

/// The Date value; formatting it costs more than the rest of the head, so each thread keeps the current second's.
const std::string& date_text(std::time_t unix_now) {
  thread_local std::time_t made_for = -1;
  thread_local std::string text;
  if (made_for != unix_now) {
    std::tm parts{};
    gmtime_r(&unix_now, &parts);
    constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::array<char, 64> out{};
    const int length = std::snprintf(out.data(), out.size(), "%s, %02d %s %d %02d:%02d:%02d GMT",
                                     days[static_cast<std::size_t>(parts.tm_wday)], parts.tm_mday,
                                     months[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1900,
                                     parts.tm_hour, parts.tm_min, parts.tm_sec);
    text.assign(out.data(), static_cast<std::size_t>(length));
    made_for = unix_now;
  }
  return text;
}

} // namespace

std::string response_head(const federation_answer& answer, bool keep_alive, std::time_t unix_now) {
  const auto reason =
    boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(static_cast<unsigned>(answer.status)));
  std::string out;
  out.reserve(256);
  out.append("HTTP/1.1 ").append(std::to_string(answer.status)).append(" ").append(reason.data(), reason.size());
  out.append("\r\nDate: ").append(date_text(unix_now));
  if (!answer.content_type.empty() && is_value(answer.content_type))
    out.append("\r\nContent-Type: ").append(answer.content_type);
  for (const auto& [name, value] : answer.headers)
    if (is_token(name) && !is_ours(name) && is_value(value)) out.append("\r\n").append(name).append(": ").append(value);
  out.append("\r\nContent-Length: ")
    .append(std::to_string(answer.body.size() + answer.stream_bytes + answer.tail.size()));
  if (!keep_alive) out.append("\r\nConnection: close");
  out.append("\r\n\r\n");
  return out;
}

federation_answer error_answer(int status, std::string_view errcode, std::string_view text) {
  federation_answer out;
  out.status = status;
  out.body = R"({"errcode":)";
  matrix::json::write_string(out.body, errcode);
  out.body += R"(,"error":)";
  matrix::json::write_string(out.body, text);
  if (status == 429) out.body += R"(,"retry_after_ms":)" + std::to_string(retry_after_s * 1000);
  out.body += '}';
  if (status == 429 || status == 503) out.headers.emplace_back("Retry-After", std::to_string(retry_after_s));
  return out;
}

federation_answer error_answer(const fault& why) {
  const auto& row = info(why.code);
  return error_answer(row.http_status, row.errcode, why.detail.empty() ? row.what_to_do : std::string_view{why.detail});
}

} // namespace causeway::gateway
