// Files of other servers: one fetch at a time for each, written as it comes, kept as a copy. On the writing thread.
#include "messages/chat/codec.hpp"
#include "messages/limits.hpp"
#include "messages/matrix/media.hpp"
#include "plugin/media/fetch.hpp"
#include "plugin/media/media_service.hpp"

namespace causeway::media {
namespace {

constexpr std::size_t fetches_max = 32;
/// And so many of those that nobody waits for just now.
constexpr std::size_t late_fetches_max = 8;
constexpr std::size_t waiting_per_fetch_max = 1'000;
/// What a body has beside the file, bytes.
constexpr std::uint64_t framing_bytes_max = 256 * 1024;
/// How long the other server is asked to wait for its own user's upload: the specification's default.
constexpr const char* upload_wait_ms = "20000";
/// An answer that comes this much later than it may is lost.
constexpr time_ms lost_after_ms = 30'000;

} // namespace

void media_service::fetch_for(const command_received& m) {
  const auto mxc = matrix::split_mxc(std::get<chat::media_get>(*m.body).mxc);
  const std::string server{mxc->server_name}, media_id{mxc->media_id};
  // It may have come between the look and now.
  auto known = store_->find(server, media_id, outside_.now());
  if (!known) return fail(m, known.error());
  if (*known) return reading_.post_always([this, m] { get(m); });
  if (const auto open = fetch_of_.find({server, media_id}); open != fetch_of_.end()) {
    auto& waiting = fetches_.at(open->second)->waiting;
    if (waiting.size() >= waiting_per_fetch_max)
      return fail(m, {fault_code::overloaded, "too many wait for this file"});
    waiting.push_back(m);
    return;
  }
  fault why;
  auto* open = begin_fetch(server, media_id, why);
  if (!open) return fail(m, why);
  open->waiting.push_back(m);
}

media_service::fetch* media_service::begin_fetch(const std::string& server, const std::string& media_id, fault& why) {
  if (fetches_.size() >= fetches_max) {
    why = {fault_code::overloaded, std::to_string(fetches_max) + " files are being fetched"};
    return nullptr;
  }
  const auto id = ++last_fetch_;
  auto x = std::make_unique<fetch>(id, server, media_id, options_.remote_bytes_max, *store_);
  // An empty file has no bytes that would make it.
  if (auto fine = store_->files().write_incoming(x->incoming, 0, {}); !fine) {
    why = fine.error();
    return nullptr;
  }
  fetch_of_.emplace(std::pair{server, media_id}, id);
  auto& open = *fetches_.emplace(id, std::move(x)).first->second;
  ask_peer(open, matrix::endpoint::media_download);
  return &open;
}

void media_service::fetch_late() {
  // Whoever is asked for now goes first.
  while (fetches_.size() < late_fetches_max) {
    const auto file = late_.next(outside_.now());
    if (!file) return;
    fault why;
    if (!fetch_of_.contains(*file) && !begin_fetch(file->first, file->second, why))
      late_.failed(*file, false, outside_.now());
  }
}

void media_service::tell_available(const late_files::name& file) {
  const chat::media_available n{matrix::make_mxc(file.first, file.second)};
  outside_.deliver({actor_kind::session, ""}, ephemeral_notification{n.name, "media|" + n.mxc, chat::encode(n)});
}

void media_service::ask_peer(fetch& x, matrix::endpoint endpoint) {
  x.stream = ++last_stream_;
  x.until = outside_.now() + std::int64_t{options_.fetch_timeout_s} * 1'000 + lost_after_ms;
  fetch_of_stream_.emplace(x.stream, x.id);
  peer_request r;
  r.reply_to = {actor_kind::media, ""};
  r.asked = x.id;
  r.endpoint = endpoint;
  if (endpoint == matrix::endpoint::media_download) {
    r.parameters = {x.media_id};
    r.query = {{"timeout_ms", upload_wait_ms}};
  } else {
    r.parameters = {x.server_name, x.media_id};
    r.query = {{"allow_remote", "false"}};
  }
  r.timeout_ms = options_.fetch_timeout_s * 1'000;
  r.response_bytes_max = options_.remote_bytes_max + framing_bytes_max;
  r.stream = x.stream;
  outside_.deliver({actor_kind::remote_server, x.server_name}, std::move(r));
}

void media_service::on_piece(gateway::http_piece piece) {
  writing_.post_always([this, x = std::move(piece)] { // the stream's window bounds them
    const auto stream = fetch_of_stream_.find(x.stream);
    if (stream == fetch_of_stream_.end()) return; // ended before
    auto& file = fetches_.at(stream->second)->file;
    const bool fine{file.on_piece(x.body, x.content_type, x.content_disposition)};
    outside_.grant_credit({x.stream, x.body.size(), !fine});
    if (!fine) fetch_of_stream_.erase(stream); // its answer tells the rest
  });
}

void media_service::answered(std::uint64_t id, int status, const std::string& errcode, const fault& why) {
  const auto at = fetches_.find(id);
  if (at == fetches_.end()) return; // given up before
  auto& x = *at->second;
  fetch_of_stream_.erase(x.stream);
  const auto next = x.file.on_answer(status, errcode, why);
  if (std::holds_alternative<remote_file::ask_old_endpoint>(next))
    return ask_peer(x, matrix::endpoint::media_download_v3);
  if (const auto* refused = std::get_if<fault>(&next)) return end_fetch(id, *refused);
  if (const auto* elsewhere = std::get_if<remote_file::ask_location>(&next)) {
    x.stream = ++last_stream_;
    x.until = outside_.now() + std::int64_t{options_.fetch_timeout_s} * 1'000 + lost_after_ms;
    fetch_of_stream_.emplace(x.stream, id);
    gateway::http_request r;
    r.method = "GET";
    r.url = elsewhere->url;
    r.timeout_ms = options_.fetch_timeout_s * 1'000;
    r.response_bytes_max = options_.remote_bytes_max;
    r.stream = x.stream;
    return outside_.fetch(std::move(r), [this, id](const gateway::http_answer& a) {
      writing_.post_always([this, id, status = a.status, why = a.why] { answered(id, status, {}, why); });
    });
  }
  const auto& done = std::get<remote_file::complete>(next);
  auto kept =
    store_->keep_remote(x.server_name, x.media_id, x.incoming, done.content_type, done.file_name, outside_.now());
  end_fetch(id, kept ? fault{} : kept.error());
}

void media_service::end_fetch(std::uint64_t id, const fault& why) {
  const auto node = fetches_.extract(id);
  auto& x = *node.mapped();
  fetch_of_.erase({x.server_name, x.media_id});
  fetch_of_stream_.erase(x.stream);
  store_->files().remove_incoming(x.incoming);
  const late_files::name file{x.server_name, x.media_id};
  const bool is_late = why.code != fault_code::none && info(why.code).retryable;
  if (is_late) late_.failed(file, !x.waiting.empty(), outside_.now());
  else if (late_.ended(file) && why.code == fault_code::none) tell_available(file);
  for (auto& m : x.waiting) {
    if (why.code != fault_code::none) fail(m, why);
    else reading_.post_always([this, m = std::move(m)] { get(m); });
  }
}

void media_service::stop_overdue() {
  const auto now = outside_.now();
  std::vector<std::uint64_t> late;
  for (const auto& [id, x] : fetches_)
    if (x->until <= now) late.push_back(id);
  for (const auto id : late) {
    outside_.grant_credit({fetches_.at(id)->stream, 0, true});
    end_fetch(id, {fault_code::peer_timeout, "the file was not here in time"});
  }
}

} // namespace causeway::media
