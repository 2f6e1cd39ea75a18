#include "plugin/media/media_service.hpp"

#include "actors/due.hpp"
#include "messages/chat/codec.hpp"
#include "messages/limits.hpp"
#include "messages/matrix/media.hpp"
#include "plugin/media/fetch.hpp"

namespace causeway::media {
namespace {

/// Jobs that wait for a thread before further ones are refused as overloaded.
constexpr std::size_t reads_waiting_max = 2'000;
constexpr std::size_t writes_waiting_max = 500;
constexpr std::size_t thumbnails_waiting_max = 100;
constexpr time_ms expire_interval_ms = 600'000;
/// Nobody waits longer for an upload to be complete.
constexpr time_ms upload_wait_ms_max = 600'000;

} // namespace

result<std::unique_ptr<media_service>> media_service::open(std::string server_name, const media_place& at,
                                                           const config::media_options& options, environment& outside) {
  auto store = media_store::open(at, options);
  if (!store) return store.error();
  if (auto fine = (*store)->expire(outside.now(), true); !fine) return fine.error();
  return std::unique_ptr<media_service>{new media_service{std::move(server_name), options, outside, std::move(*store)}};
}

media_service::media_service(std::string server_name, const config::media_options& options, environment& outside,
                             std::unique_ptr<media_store> store)
    : server_name_(std::move(server_name)), options_(options), outside_(outside), store_(std::move(store)),
      reading_(reads_waiting_max), writing_(writes_waiting_max), painting_(thumbnails_waiting_max) {
  // A late answer to the node as it ran before must not be taken for one to this.
  last_fetch_ = last_stream_ = static_cast<std::uint64_t>(outside_.now()) << 16;
}

media_service::~media_service() { stop(); }

void media_service::stop() {
  painting_.stop();
  reading_.stop();
  writing_.stop();
}

void media_service::on(message x) {
  if (auto* command = std::get_if<command_received>(&x)) {
    if (std::holds_alternative<chat::media_put>(*command->body)) {
      if (!writing_.post([this, m = *command] { put(m); }))
        fail(*command, {fault_code::overloaded, "too many parts of files wait to be written"});
    } else if (!reading_.post([this, m = *command] { get(m); })) {
      fail(*command, {fault_code::overloaded, "too many parts of files wait to be read"});
    }
  } else if (auto* call = std::get_if<federation_call>(&x)) {
    if (!reading_.post([this, c = *call] { serve(c, true); }))
      refuse(*call, {fault_code::overloaded, "too many files are asked for"});
  } else if (auto* answer = std::get_if<peer_answer>(&x)) {
    writing_.post_always([this, a = std::move(*answer)] { answered(a.asked, a.status, a.errcode, a.why); });
  }
}

void media_service::put(const command_received& m) {
  auto state = store_->put(std::get<chat::media_put>(*m.body), outside_.now());
  if (!state) return fail(m, state.error());
  finish(
    m, chat::media_put_answer{matrix::make_mxc(server_name_, state->media_id), state->received_bytes, state->complete});
  if (state->complete) upload_complete(state->media_id);
}

void media_service::get(const command_received& m) {
  const auto& x = std::get<chat::media_get>(*m.body);
  const auto mxc = matrix::split_mxc(x.mxc);
  if (!mxc) return fail(m, {fault_code::bad_body, "mxc"});
  const bool ours = mxc->server_name == server_name_;
  auto file = store_->find(ours ? std::string_view{} : mxc->server_name, mxc->media_id, outside_.now());
  if (!file) return fail(m, file.error());
  if (!*file) {
    if (!ours) return writing_.post_always([this, m] { fetch_for(m); }); // as many as there are commands open
    const auto announced = store_->is_announced(mxc->media_id);
    return fail(m, {announced && *announced ? fault_code::not_yet_uploaded : fault_code::not_found, x.mxc});
  }
  auto bytes =
    store_->files().read((*file)->hash, x.offset, std::min<std::uint64_t>(x.length, limits::media_part_bytes_max));
  if (!bytes) return fail(m, bytes.error());
  finish(m, chat::media_get_answer{std::move(*bytes), (*file)->bytes, (*file)->content_type, (*file)->file_name});
}

void media_service::finish(const command_received& m, const chat::answer& what) {
  outside_.deliver({actor_kind::session, m.reference.session}, command_done{m.reference, true, chat::encode(what)});
}

void media_service::fail(const command_received& m, const fault& why) {
  if (why.code == fault_code::store_failed || why.code == fault_code::store_damaged || why.code == fault_code::internal)
    outside_.log_error("D421 media store failed", why);
  outside_.deliver({actor_kind::session, m.reference.session}, command_done{m.reference, false, chat::encode(why)});
}

void media_service::look_at_files() {
  const auto fine = store_->healthy();
  if (auto why = fine ? std::string{} : fine.error().detail; why != alarm_) alarm_ = std::move(why);
  else return;
  outside_.alarm(alarm_);
  if (!fine) outside_.log_error("D422 media files cannot be stored", fine.error());
}

void media_service::tick() {
  const auto now = outside_.now();
  std::vector<federation_call> late;
  {
    const std::lock_guard lock{mutex_};
    std::erase_if(upload_waiters_, [&](auto& w) {
      if (!is_due(w.until, now, upload_wait_ms_max)) return false;
      late.push_back(std::move(w.call));
      return true;
    });
  }
  for (const auto& call : late) refuse(call, {fault_code::not_yet_uploaded, "the upload is not complete"});
  // A database that does not answer makes a job longer than a second: they must not pile up.
  if (is_ticking_.exchange(true)) return;
  const bool expires = is_due(expire_at_, now, expire_interval_ms);
  if (expires) expire_at_ = now + expire_interval_ms;
  writing_.post_always([this, expires, now] {
    is_ticking_ = false;
    look_at_files();
    stop_overdue();
    fetch_late();
    if (!expires) return;
    if (auto fine = store_->expire(now, false); !fine) outside_.log_error("D421 media store failed", fine.error());
  });
}

} // namespace causeway::media
