// What other servers ask for: our own files and thumbnails of them, never those of a third server.
// Source: server-server-api, "Content Repository".
#include "messages/limits.hpp"
#include "messages/matrix/json.hpp"
#include "messages/matrix/media.hpp"
#include "messages/matrix/multipart.hpp"
#include "plugin/media/media_service.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace causeway::media {
namespace {

using matrix::json::object;

/// The specification's default of `timeout_ms`, and the most that is waited.
constexpr std::int64_t upload_wait_ms_default = 20'000;
constexpr std::int64_t served_wait_ms_max = 60'000;
constexpr std::size_t upload_waiters_max = 1'000;
constexpr std::size_t boundary_random_bytes = 16;

std::string random_boundary() {
  std::array<unsigned char, boundary_random_bytes> bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  std::array<char, 2 * boundary_random_bytes + 1> text{};
  sodium_bin2hex(text.data(), text.size(), bytes.data(), bytes.size());
  return text.data();
}

std::optional<std::int64_t> number_of(const std::string* text) {
  std::int64_t out = 0;
  if (!text) return {};
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), out);
  if (error != std::errc{} || end != text->data() + text->size()) return {};
  return out;
}

/// What a request wants; nothing when it does not make sense.
std::optional<thumbnail_size> wanted_size(const matrix::endpoint_match& x) {
  const auto width = number_of(x.find_query("width")), height = number_of(x.find_query("height"));
  const auto* method = x.find_query("method");
  if (!width || !height || *width < 1 || *height < 1 || (method && *method != "crop" && *method != "scale")) return {};
  const auto bounded = [](std::int64_t n) { return static_cast<std::uint32_t>(std::min<std::int64_t>(n, 1'000'000)); };
  return thumbnail_size{bounded(*width), bounded(*height),
                        method && *method == "crop" ? thumbnail_method::crop : thumbnail_method::scale};
}

} // namespace

void media_service::refuse(const federation_call& call, const fault& why) {
  if (why.code == fault_code::store_failed || why.code == fault_code::store_damaged || why.code == fault_code::internal)
    outside_.log_error("D421 media store failed", why);
  gateway::federation_answer out;
  out.id = call.id;
  out.status = info(why.code).http_status;
  out.body = matrix::json::canonical(object{{"errcode", info(why.code).errcode}, {"error", why.detail}});
  if (out.status == 429) out.headers.emplace_back("Retry-After", "1");
  outside_.answer(call.gateway, std::move(out));
}

void media_service::serve(const federation_call& call, bool may_wait) {
  const auto& media_id = call.match->parameters.at(0);
  if (!matrix::is_media_id(media_id)) return refuse(call, {fault_code::not_found, "there is no such file"});
  auto file = store_->find({}, media_id, outside_.now());
  if (!file) return refuse(call, file.error());
  if (*file)
    return call.match->info->id == matrix::endpoint::media_thumbnail ? serve_thumbnail(call, **file)
                                                                     : serve_file(call, **file);
  const auto announced = store_->is_announced(media_id);
  if (!announced) return refuse(call, announced.error());
  if (!*announced) return refuse(call, {fault_code::not_found, "there is no such file"});
  if (may_wait) return wait_for_upload(call);
  refuse(call, {fault_code::not_yet_uploaded, "the upload is not complete"});
}

void media_service::serve_file(const federation_call& call, const file_info& file) {
  const auto type = matrix::served_media_type(file.content_type);
  auto frame = matrix::frame_download(random_boundary(), type, matrix::content_disposition(type, file.file_name));
  gateway::federation_answer out;
  out.id = call.id;
  out.content_type = std::move(frame.content_type);
  out.headers.emplace_back("X-Content-Type-Options", "nosniff");
  out.body = std::move(frame.head);
  out.stream = file.hash;
  out.stream_bytes = file.bytes;
  out.tail = std::move(frame.tail);
  const auto bytes = out.body.size() + out.stream_bytes + out.tail.size();
  outside_.answer(call.gateway, std::move(out));
  if (!call.origin.empty())
    outside_.deliver({actor_kind::remote_server, call.origin}, call_answered{call.gateway, call.id, bytes});
}

void media_service::on_body_request(const std::string& gateway, const gateway::body_request& x) {
  const auto reply = [this, gateway](std::uint64_t id, result<std::string> bytes) {
    gateway::federation_answer out;
    out.id = id;
    out.content_type.clear();
    if (bytes) out.body = std::move(*bytes);
    else out.status = info(bytes.error().code).http_status;
    outside_.answer(gateway, std::move(out));
  };
  if (!blob_store::is_hash(x.stream)) return reply(x.id, fault{fault_code::not_found, "stream"});
  reading_.post_always(
    [this, reply, x] { reply(x.id, store_->files().read(x.stream, x.offset, x.bytes)); }); // one per stream
}

void media_service::serve_thumbnail(const federation_call& call, const file_info& file) {
  const auto wanted = wanted_size(*call.match);
  if (!wanted)
    return refuse(call, {fault_code::invalid_param, "width and height are numbers from 1, method is crop or scale"});
  const auto size = nearest_size(*wanted);
  auto known = store_->find_thumbnail(file.hash, size, outside_.now());
  if (!known) return refuse(call, known.error());
  if (*known) return serve_file(call, **known);
  if (!painting_.post([this, call, file, size] { make_thumbnail_for(call, file, size); }))
    refuse(call, {fault_code::overloaded, "too many thumbnails are being made"});
}

void media_service::make_thumbnail_for(const federation_call& call, const file_info& file, thumbnail_size size) {
  // Somebody before in the queue may have wanted the same.
  auto known = store_->find_thumbnail(file.hash, size, outside_.now());
  if (!known) return refuse(call, known.error());
  if (*known) return serve_file(call, **known);
  auto made = make_thumbnail(
    [this, &file](std::uint64_t offset, std::uint64_t bytes) { return store_->files().read(file.hash, offset, bytes); },
    size, options_.thumbnail_pixels_max);
  if (!made) return refuse(call, made.error());
  auto kept = store_->keep_thumbnail(file.hash, size, made->bytes, made->content_type, outside_.now());
  if (!kept) return refuse(call, kept.error());
  serve_file(call, *kept);
}

void media_service::wait_for_upload(const federation_call& call) {
  const auto& media_id = call.match->parameters.at(0);
  const auto wait = std::clamp<std::int64_t>(
    number_of(call.match->find_query("timeout_ms")).value_or(upload_wait_ms_default), 0, served_wait_ms_max);
  {
    const std::lock_guard lock{mutex_};
    if (upload_waiters_.size() >= upload_waiters_max) return serve(call, false);
    upload_waiters_.push_back({call, media_id, outside_.now() + wait});
  }
  // It may have become complete between the look and now. Without the lock: the files may lie in a database that does
  // not answer, and others want the lock for what cannot wait.
  const auto announced = store_->is_announced(media_id);
  if (announced && *announced) return;
  {
    const std::lock_guard lock{mutex_};
    const auto taken = std::erase_if(
      upload_waiters_, [&](const auto& w) { return w.call.id == call.id && w.call.gateway == call.gateway; });
    if (taken == 0) return; // it is being served
  }
  serve(call, false);
}

void media_service::upload_complete(const std::string& media_id) {
  std::vector<federation_call> ready;
  {
    const std::lock_guard lock{mutex_};
    std::erase_if(upload_waiters_, [&](auto& w) {
      if (w.media_id != media_id) return false;
      ready.push_back(std::move(w.call));
      return true;
    });
  }
  for (auto& call : ready) reading_.post_always([this, c = std::move(call)] { serve(c, false); });
}

} // namespace causeway::media
