#pragma once
#include "actors/decision.hpp"
#include "actors/remote_server/homeserver.hpp"
#include "actors/remote_server/open_requests.hpp"
#include "actors/remote_server/server_events.hpp"
#include "messages/matrix/key_documents.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

namespace causeway::remote_server {

/// The server's verify keys: cached, fetched once for all who wait, from the server itself, then from the notaries in
/// order. Kept for half of their lifetime, then fetched again while the old ones go on being used. Source:
/// server-server-api, "Retrieving server keys".
class key_cache {
public:
  static constexpr timer_kind notary_timer = timer_kind::notary;
  /// Requests that wait; what is beyond it is answered with the keys there are.
  static constexpr std::size_t waiting_max = 1'000;

  key_cache(const homeserver& server, decision& out, open_requests& requests, server_events& events)
      : server_(server), out_(out), requests_(requests), events_(events) {}

  void load(const store::put_server_keys& from);
  void want(const keys_request& m);
  /// By the server itself.
  void answered(const gateway::http_answer& a);
  void notary_answered(const notary_keys_response& m);
  void on_notary_timer();
  /// Fetches the keys if half of their lifetime is over.
  void refresh();
  /// Asks the server itself, unless it is being asked, and the notaries if that fails.
  void fetch();
  /// The same because a signature does not match a known key. @pre may_doubt()
  void fetch_doubted();
  /// The server is there, or the operator says so: the pause before it is asked again is the shortest.
  void on_contact() { failures_ = 0; }

  const matrix::verify_keys& keys() const { return *keys_; }
  /// A key of now; null: unknown, retired, or its time is over.
  const matrix::verify_key* current(const std::string& key_id) const;
  /// The server itself is being asked.
  bool is_fetching() const { return is_fetching_; }
  /// The server itself or a notary is.
  bool is_under_way() const { return is_fetching_ || notary_token_ != 0; }
  /// Whether all who could be asked had answered less than so long ago.
  bool were_asked_within(time_ms pause_ms) const;
  /// When that was; 0: never.
  time_ms asked_at() const { return asked_at_; }
  /// The earliest moment at which who wants another key than these makes us ask again.
  time_ms asked_again_at() const { return is_under_way() ? out_.now() : asked_at_ == 0 ? 0 : asked_at_ + pause(); }
  /// Whether the server may be asked because a signature does not match.
  bool may_doubt() const;
  const std::string& last_fault() const { return fault_; }
  std::size_t waiting() const { return waiting_.size(); }
  bool is_idle() const { return waiting_.empty(); }

private:
  bool satisfies(const keys_request& m) const;
  void reply(const keys_request& m);
  /// Until the server is asked again, ms.
  time_ms pause() const;
  status take(const matrix::json::object& document, matrix::key_source source);
  void save();
  /// Those that can be answered are answered; for the others the next notary is asked. When nobody is left to ask,
  /// all are answered with the keys there are.
  void advance();
  bool ask_notary();

  const homeserver& server_;
  decision& out_;
  open_requests& requests_;
  server_events& events_;
  std::shared_ptr<const matrix::verify_keys> keys_ = std::make_shared<const matrix::verify_keys>();
  std::shared_ptr<const matrix::key_documents> documents_; ///< for those who ask us as a notary; null: none
  std::deque<keys_request> waiting_;
  bool is_fetching_ = false;
  time_ms fetched_at_ = 0;     ///< when the server itself told them
  time_ms asked_at_ = 0;       ///< when all who could be asked had answered
  time_ms doubted_at_ = 0;     ///< when they were last asked for because a signature does not match them
  std::uint32_t failures_ = 0; ///< of the server itself, in a row
  std::string fault_;
  std::size_t next_notary_ = 0; ///< of `federation.trusted_key_servers`
  token notary_token_ = 0;      ///< the open question to a notary; 0: none
};

} // namespace causeway::remote_server
