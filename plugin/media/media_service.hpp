#pragma once
#include "config/media_options.hpp"
#include "messages/chat/notifications.hpp"
#include "messages/gateway.hpp"
#include "messages/message.hpp"
#include "plugin/media/environment.hpp"
#include "plugin/media/job_queue.hpp"
#include "plugin/media/late_files.hpp"
#include "plugin/media/media_store.hpp"
#include "plugin/media/remote_file.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace causeway::media {

/// Files: what the chat server stores and reads, what other servers ask of us, what we fetch from them. Three threads
/// of its own: one reads, one writes (and owns the fetches), one makes thumbnails. Nothing holds a whole file in
/// memory. Safe for threads; calls return at once.
class media_service {
public:
  /// @param outside  outlives this. @returns faults of media_store::open
  static result<std::unique_ptr<media_service>> open(std::string server_name, const media_place& at,
                                                     const config::media_options& options, environment& outside);
  ~media_service();

  /// command_received (media.put, media.get), federation_call (download, thumbnail), peer_answer.
  void on(message x);
  /// Part of a body that was promised to the gateway.
  void on_body_request(const std::string& gateway, const gateway::body_request& x);
  /// Part of a body that is being fetched.
  void on_piece(gateway::http_piece piece);
  /// Time passes: waits end. To be called about once a second.
  void tick();
  /// Ends the threads; nothing is answered any more.
  void stop();

private:
  media_service(std::string server_name, const config::media_options& options, environment& outside,
                std::unique_ptr<media_store> store);

  // -- media_service.cpp: the chat server
  void put(const command_received& m);
  void get(const command_received& m);
  void finish(const command_received& m, const chat::answer& what);
  void fail(const command_received& m, const fault& why);

  // -- serving.cpp: other servers
  void serve(const federation_call& call, bool may_wait);
  void serve_file(const federation_call& call, const file_info& file);
  void serve_thumbnail(const federation_call& call, const file_info& file);
  void make_thumbnail_for(const federation_call& call, const file_info& file, thumbnail_size size);
  void wait_for_upload(const federation_call& call);
  void upload_complete(const std::string& media_id);
  void refuse(const federation_call& call, const fault& why);

  // -- fetching.cpp, on the writing thread
  struct fetch;
  void fetch_for(const command_received& m);
  /// @returns null: as many as may be are under way, or it cannot be written
  fetch* begin_fetch(const std::string& server, const std::string& media_id, fault& why);
  void fetch_late();
  void tell_available(const late_files::name& file);
  void ask_peer(fetch& x, matrix::endpoint endpoint);
  void answered(std::uint64_t id, int status, const std::string& errcode, const fault& why);
  void end_fetch(std::uint64_t id, const fault& why);
  void stop_overdue();

  const std::string server_name_;
  const config::media_options options_;
  environment& outside_;
  const std::unique_ptr<media_store> store_;

  struct upload_waiter {
    federation_call call;
    std::string media_id;
    time_ms until = 0;
  };
  std::mutex mutex_;
  std::vector<upload_waiter> upload_waiters_;
  time_ms expire_at_ = 0;                ///< only `tick`
  std::string alarm_;                    ///< why files cannot be kept; only the writing thread
  std::atomic<bool> is_ticking_ = false; ///< the job of the last `tick` waits, or is under way
  void look_at_files();

  /// Only the writing thread.
  std::map<std::uint64_t, std::unique_ptr<fetch>> fetches_;
  std::map<std::pair<std::string, std::string>, std::uint64_t> fetch_of_; ///< (server, media id)
  std::map<std::uint64_t, std::uint64_t> fetch_of_stream_;
  std::uint64_t last_fetch_ = 0, last_stream_ = 0;
  late_files late_;

  job_queue reading_, writing_, painting_; // last: they use all of the above
};

} // namespace causeway::media
