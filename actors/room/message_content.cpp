#include "actors/room/message_content.hpp"

#include "messages/html.hpp"
#include "messages/matrix/media.hpp"

#include <algorithm>

namespace causeway::room {
namespace {

using matrix::json::object;

std::uint64_t number_of(const object* info, std::string_view key) {
  const auto* x = info ? info->find(key) : nullptr;
  const auto* number = x ? x->as_integer() : nullptr;
  return number && *number > 0 ? static_cast<std::uint64_t>(*number) : 0;
}

std::string text_field(const object& x, std::string_view key) {
  const auto* found = x.find(key);
  const auto* text = found ? found->as_string() : nullptr;
  return text ? *text : std::string{};
}

} // namespace

object content_of(const chat::file& x) {
  const auto type = matrix::parse_media_type(x.content_type);
  const auto is = [&](std::string_view family) { return type && type->first.starts_with(family); };
  object info{{"mimetype", x.content_type}, {"size", static_cast<std::int64_t>(x.size_bytes)}};
  if (x.width) info.set("w", static_cast<std::int64_t>(*x.width));
  if (x.height) info.set("h", static_cast<std::int64_t>(*x.height));
  if (x.duration_ms) info.set("duration", static_cast<std::int64_t>(*x.duration_ms));
  if (x.thumbnail) info.set("thumbnail_url", *x.thumbnail);
  const auto* msgtype = is("image/") ? "m.image" : is("video/") ? "m.video" : is("audio/") ? "m.audio" : "m.file";
  return {
    {"msgtype", msgtype}, {"body", x.file_name}, {"filename", x.file_name}, {"url", x.mxc}, {"info", std::move(info)}};
}

std::optional<chat::received_file> file_of(const object& content) {
  const auto msgtype = text_field(content, "msgtype");
  if (msgtype != "m.image" && msgtype != "m.video" && msgtype != "m.audio" && msgtype != "m.file") return {};
  chat::received_file out;
  out.mxc = text_field(content, "url");
  if (!matrix::split_mxc(out.mxc)) return {};
  // Where there is a `filename`, `body` is a caption.
  out.file_name = matrix::safe_file_name(text_field(content, content.contains("filename") ? "filename" : "body"));
  const auto* found = content.find("info");
  const auto* info = found ? found->as_object() : nullptr;
  if (info) out.content_type = matrix::served_media_type(text_field(*info, "mimetype"));
  out.size_bytes = number_of(info, "size");
  out.width = number_of(info, "w");
  out.height = number_of(info, "h");
  if (const auto duration_ms = number_of(info, "duration")) out.duration_ms = duration_ms;
  if (info)
    if (auto thumbnail = text_field(*info, "thumbnail_url"); matrix::split_mxc(thumbnail))
      out.thumbnail = std::move(thumbnail);
  return out;
}

said text_in(const object& content) {
  said out{text_field(content, "body"), {}};
  if (text_field(content, "format") == "org.matrix.custom.html")
    out.html = html::sanitized(text_field(content, "formatted_body"));
  return out;
}

bool is_place(std::string_view uri) {
  const auto begin = std::string_view{"geo:"}.size();
  if (!uri.starts_with("geo:") || uri.size() == begin) return false;
  // Two coordinates at least; what follows them is parameters.
  const auto coordinates = uri.substr(begin, uri.find(';') == uri.npos ? uri.npos : uri.find(';') - begin);
  return coordinates.find(',') != coordinates.npos && std::all_of(coordinates.begin(), coordinates.end(), [](char c) {
           return (c >= '0' && c <= '9') || c == '.' || c == ',' || c == '-';
         });
}

std::optional<std::string> place_of(const object& content) {
  auto uri = text_field(content, "geo_uri");
  if (text_field(content, "msgtype") != "m.location" || !uri.starts_with("geo:")) return {};
  return uri;
}

relation relation_of(const object& content) {
  relation out;
  const auto* relates = content.find("m.relates_to");
  if (!relates || !relates->as_object()) return out;
  bool falls_back = false;
  if (const auto* rel = relates->find_string("rel_type"); rel && *rel == "m.thread")
    if (const auto* root = relates->find_string("event_id")) {
      out.thread = *root;
      const auto* flag = relates->find_bool("is_falling_back");
      falls_back = flag && *flag;
    }
  if (const auto* reply = relates->find("m.in_reply_to"); reply && !falls_back)
    if (const auto* id = reply->find_string("event_id")) out.reply_to = *id;
  return out;
}

} // namespace causeway::room
