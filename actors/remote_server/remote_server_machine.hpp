#pragma once
#include "actors/context.hpp"
#include "actors/decision.hpp"
#include "actors/effects.hpp"
#include "actors/incarnation.hpp"
#include "actors/remote_server/endpoint_pauses.hpp"
#include "actors/remote_server/held_invites.hpp"
#include "actors/remote_server/history_calls.hpp"
#include "actors/remote_server/refusals.hpp"
#include "actors/remote_server/request_budget.hpp"
#include "messages/limits.hpp"
#include "messages/matrix/key_documents.hpp"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

namespace causeway::remote_server {

/// Another homeserver: what we owe it, its keys, how it is doing, what it asks of us. Pure.
/// Files: remote_server_machine.cpp (life, requests), outgoing.cpp (queue, transactions, back-off), keys.cpp (verify keys),
/// refused.cpp (what a server that is there refuses), catch_up.cpp (its order after an outage), notary.cpp (keys of others, when this server is a notary), inbound.cpp (authentication and PUT /send).
class remote_server_machine {
public:
  remote_server_machine(const context& node, std::string server_name);

  effects on(const message& m, time_ms now);
  /// One JSON object for the operator: above all what the oldest waiting event waits for.
  std::string describe(time_ms now) const;
  /// Whether its work can wait behind that of others: the server fails, or has not answered anything since this actor
  /// was made, and has nothing of its own to be answered.
  bool may_wait() const;

private:
  void dispatch(const message& m);
  void loaded(const store::destination_loaded& from);
  effects flush();
  void consider_idle();
  void write_lazily(bool due);
  void append_writes(std::vector<store::write> more);
  void sweep();

  // -- requests to that server
  struct open_request {
    enum class kind : std::uint8_t { transaction, keys, notary, peer } what = kind::peer;
    address reply_to; ///< of a peer request
    token asked = 0;
    time_ms deadline = 0;
    std::shared_ptr<const peer_request>
      in_new_form; ///< to be repeated in the old form when the server does not know this one
    bool in_old_form = false;
    matrix::endpoint endpoint = matrix::endpoint::version;
    bool is_streamed = false;
    std::vector<notary_keys_wanted> batch; ///< of a question to a notary
  };
  std::uint64_t request(open_request::kind what, matrix::endpoint endpoint,
                        const std::vector<std::string_view>& parameters, const std::string& query, std::string body,
                        std::uint32_t timeout_ms, std::uint64_t response_bytes_max, std::uint64_t stream = 0);
  void send_peer_request(const peer_request& m);
  void answered(const gateway::http_answer& heard);
  void send_peer_request(const peer_request& m, bool in_old_form);
  void finish_peer_request(const open_request& r, gateway::http_answer a);

  // -- outgoing.cpp
  struct queued {
    matrix::event_ptr event;
    std::string chat_room_id, chat_message_id; ///< what the chat server calls them, for notifications
  };
  /// One that was read from the store.
  static queued read_back(const matrix::event_ptr& e, const store::destination_loaded& from);
  void enqueue(const pdu_queued& m);
  void consider_sending(bool refilled = false);
  void send_transaction();
  void transaction_answered(const gateway::http_answer& a);
  void transaction_delivered(const gateway::http_answer& a);
  void transaction_failed(const std::string& why);
  /// @param pause_ms  until the next attempt
  void transaction_failed(const std::string& why, time_ms pause_ms);
  void end_transaction_under_way();
  void log_verdicts(const gateway::http_answer& a, std::map<std::string, std::string>& refused);
  void sign_of_life();
  /// When the next attempt may be made at the earliest, whoever wants one; 0: now.
  time_ms earliest_attempt() const;
  void retry_at_once();
  /// Whether an event is queued, in memory or on disk only, or under way.
  bool has_backlog() const;
  void hold_invite(const peer_request& m);
  void send_held_invites(const std::vector<peer_request>& due);
  void consider_held_invites();
  void refill();
  bool tells_delivery(bool was_failing) const;
  void tell_delivery(const queued& q, const char* state, const std::string& why);

  // -- refused.cpp
  void transaction_refused(const gateway::http_answer& a);
  void send_probe();
  void probe_answered(const gateway::http_answer& a);
  void split_after_pause();
  void drop_edus();
  void set_aside();
  std::string next_transaction_id();

  // -- catch_up.cpp
  void consider_catch_up(time_ms failing_since);
  void newest_found(const store::destination_loaded* found);
  void send_first(std::vector<queued> newest);
  /// Puts what is written during a catch-up before the rest. @returns false: it takes its place in the queue
  bool enqueue_fresh(const queued& q);
  void fill_transaction();
  /// The transaction under way is given up for a smaller one: its PDUs are the first of the queue again.
  void split_transaction();

  // -- keys.cpp
  void want_keys(const keys_wanted& m);
  bool satisfied(const keys_wanted& m) const;
  time_ms keys_pause() const;
  void refresh_keys();
  void fetch_keys();
  void keys_answered(const gateway::http_answer& a);
  status take_keys(const matrix::json::object& document, matrix::key_source told_by);
  bool may_doubt_keys() const;
  void save_keys();
  /// Who can be answered is answered; for the others the next notary is asked. When nobody is left to ask, all are answered with what there is.
  void keys_advance();
  bool ask_notary();
  void notary_told(const notary_keys_told& m);
  void notary_overdue();
  keys_found keys_for(const keys_wanted& m) const;

  // -- notary.cpp
  void ask_for_other(const notary_keys_wanted& m);
  void ask_for_others();
  void others_answered(const open_request& r, const gateway::http_answer& a);
  struct others_answer {
    std::vector<notary_keys_wanted> asked;
    std::vector<matrix::json::object> documents;
  };
  enum class countersignature : std::uint8_t { valid, invalid, unknown_key };
  countersignature countersigned(const matrix::json::object& document) const;
  void give_others(const others_answer& x);
  void check_others();

  // -- inbound.cpp
  void inbound(const inbound_request& m);
  void authenticate(const inbound_request& m, bool after_fetch);
  /// Whether one of its signatures can be checked with a key of now.
  bool has_key_for(const inbound_request& m) const;
  const matrix::verify_key* current_key(const std::string& key_id) const;
  /// @param body  null when it was not parsed so far, or there is none
  void serve(const inbound_request& m, std::shared_ptr<matrix::json::value> body);
  void take_transaction(const inbound_request& m, std::shared_ptr<matrix::json::value> body);
  void begin_transaction(const std::string& id);
  void take_edus(const std::vector<matrix::edu>& edus);
  void handled(const pdus_handled& m);
  void end_transaction();
  void watch_transaction();
  void reply(const std::string& gateway, std::uint64_t id, int status, std::string body);
  void refuse(const inbound_request& m, const fault& why, std::uint32_t retry_after_ms = 0);
  /// Nobody has proved to be that server: an open endpoint is answered all the same, as to a stranger.
  void not_authenticated(const inbound_request& m, const fault& why, std::uint32_t retry_after_ms = 0);
  /// To the room, now or when others of this server are done.
  void hand_to_room(const inbound_request& m, const federation_call& call);
  void call_ended(const call_answered& m);
  void hand_on_waiting();
  void calls_overdue();

  const context& node_;
  const std::string server_name_;
  decision out_;
  incarnation life_;
  std::vector<store::write> lazy_; ///< written with the next commit, or a second later: losing them is harmless
  bool lazy_timer_ = false;

  std::map<std::uint64_t, open_request> open_;
  std::uint64_t last_request_ = 0;

  store::put_destination destination_;
  std::deque<queued> pdus_;
  std::unordered_set<std::string> queued_ids_;
  bool catching_up_ = false;
  token catch_up_token_ = 0;    ///< the store is asked for the newest event of each room
  std::deque<queued> first_;    ///< sent before `pdus_`: the newest event of each room, then what was written since
  std::size_t newest_left_ = 0; ///< how many at the front of `first_` are the former
  bool more_in_store_ = false;
  token refill_token_ = 0;
  bool missed_while_refilling_ = false;
  std::vector<queued> in_flight_;
  std::vector<std::string> in_flight_texts_; ///< of `in_flight_` in this order; empty: to be written anew
  std::size_t pdus_at_once_ = limits::pdus_per_transaction_max; ///< fewer after a server refused a whole transaction
  std::uint64_t in_flight_request_ = 0;                         ///< of the transaction, or of a probe
  bool probing_ = false;                                        ///< it is a probe
  refusals refusals_;
  std::string refusal_; ///< the last one, in words
  bool is_refused_ =
    false; ///< the last failure was a refusal by a server that is there: a sign of life says nothing new
  time_ms edus_refused_until_ = 0;
  std::int64_t refused_ = 0; ///< events that were set aside
  time_ms failed_at_ = 0;    ///< the last attempt of a transaction, by this actor
  time_ms not_before_ = 0;   ///< the server has asked to be left alone with transactions until then
  endpoint_pauses pauses_;   ///< the same of all else
  std::deque<edu_queued> edus_;
  time_ms born_ = 0; ///< when this actor was made
  std::uint64_t last_transaction_ = 0;
  std::uint64_t delivered_ = 0;

  std::shared_ptr<const matrix::verify_keys> keys_ = std::make_shared<const matrix::verify_keys>();
  std::shared_ptr<const matrix::key_documents> key_documents_; ///< for those who ask us as a notary; null: none
  std::uint64_t keys_request_ = 0;
  time_ms keys_fetched_at_ = 0;     ///< when the server itself told them
  time_ms keys_asked_at_ = 0;       ///< when all who could be asked had answered
  std::uint32_t keys_failures_ = 0; ///< of the server itself, in a row
  std::string keys_fault_;
  std::size_t next_notary_ = 0; ///< of `federation.trusted_key_servers`
  token notary_token_ = 0;      ///< the open question to a notary; 0: none
  std::deque<keys_wanted> keys_waiting_;
  time_ms keys_doubted_at_ = 0; ///< when they were last asked for because a signature does not match them
  struct waiting_for_keys {
    inbound_request request;
    bool doubts = false; ///< its key is known and does not match: the server itself has to say
  };
  std::deque<waiting_for_keys> auth_waiting_;

  std::deque<notary_keys_wanted> others_waiting_; ///< to be asked for, when this server is a notary
  std::size_t others_open_ = 0;                   ///< questions to it that are not answered
  std::vector<others_answer> others_unchecked_;   ///< answers that wait for the notary's own keys

  struct received {
    std::string id;
    time_ms since = 0;
    std::vector<std::pair<std::string, std::uint64_t>> waiting; ///< (gateway, request) that wait for the answer
    /// The body: parsed already, or as it came. Both are let go of when it is taken apart.
    std::shared_ptr<matrix::json::value> body;
    std::shared_ptr<const gateway::federation_request> request;
    token repetition_token = 0;
    std::map<token, bool> rooms; ///< open shares
    std::vector<pdu_outcome> outcomes;
    bool overloaded = false;
  };
  std::optional<received> receiving_;
  std::deque<std::pair<std::string, std::string>> recent_answers_; ///< (transaction id, answer), newest last
  bool first_received_ = true; ///< nothing was received since this actor began: a repetition may be older than it
  bool watching_ = false;      ///< the timer `receiving` is set
  request_budget budget_;
  history_calls history_calls_;
  bool calls_watched_ = false; ///< the timer `calls` is set
  std::map<token, inbound_request> finding_event_;
  time_ms last_active_ = 0, last_contact_ = 0;
  time_ms looked_at_ = 0; ///< when the store was last asked what is owed
  std::uint64_t received_pdus_ = 0;
  held_invites held_invites_;
};

} // namespace causeway::remote_server
