#pragma once
#include "actors/decision.hpp"
#include "actors/room/authoring.hpp"
#include "actors/room/chat_notifier.hpp"
#include "actors/room/command_queue.hpp"
#include "actors/room/event_writer.hpp"
#include "actors/room/inbound_events.hpp"
#include "actors/room/joins.hpp"
#include "actors/room/member_commands.hpp"
#include "actors/room/message_commands.hpp"
#include "actors/room/message_names.hpp"
#include "actors/room/pending_questions.hpp"
#include "actors/room/query_commands.hpp"
#include "actors/room/receipt_commands.hpp"
#include "actors/room/redactions.hpp"
#include "actors/room/refounded_room.hpp"
#include "actors/room/refounding.hpp"
#include "actors/room/moderation_commands.hpp"
#include "actors/room/role_commands.hpp"
#include "actors/room/relation_commands.hpp"
#include "actors/room/room_commands.hpp"
#include "actors/room/room_removal.hpp"
#include "actors/room/room_settings.hpp"
#include "actors/room/room_upgrade.hpp"
#include "actors/room/room_invitations.hpp"
#include "actors/room/room_state.hpp"
#include "messages/message.hpp"

#include <cstddef>
#include <string>

namespace causeway::room {

/// Commands of the chat server: each goes to the handler of its group when its turn has come. A new command is a `run`
/// in one of the handlers.
class command_service : private command_queue::runner {
public:
  /// What it works with; all of it outlives it.
  struct parts {
    const room_state& room;
    decision& out;
    pending_questions& pending;
    event_writer& writer;
    authoring& author;
    redactions& redacted;
    room_invitations& invitations;
    const inbound_events& inbound;
    joins& join;
    chat_notifier& notifier;
  };
  explicit command_service(const parts& p)
      : room_(p.room), out_(p.out), authoring_(p.author), invitations_(p.invitations), joins_(p.join),
        queue_(p.room, p.out, p.pending, names_, *this), messages_(p.room, p.out, p.author, p.redacted, names_),
        related_(p.room, p.author, p.redacted), members_(p.room, p.out, p.author, p.invitations, p.inbound),
        rooms_(p.room, p.out, p.writer, p.author, p.invitations, p.notifier), queries_(p.room, p.out, p.pending),
        moderation_(p.room, p.author, p.invitations), roles_(p.room, p.author, p.invitations),
        settings_(p.room, p.author), removal_(p.room, p.author, p.invitations, p.inbound),
        upgrade_({p.room, p.out, p.writer, p.author, p.notifier}),
        refounding_({p.room, p.out, p.pending, p.writer, p.author, p.invitations}),
        refounded_({p.room, p.out, p.writer, p.author, p.redacted, p.invitations, p.notifier}),
        receipts_(p.room, p.out) {}

  void take(const chat_command& m);
  /// Carries out what can be.
  void run() { queue_.run(); }
  bool may_carry_out() const { return queue_.may_run(); }
  void answered(question::own_message_id q, const store_answered& m) { queue_.answered(std::move(q), m); }
  void answered(question::own_message_id q, const timed_out& m) { queue_.answered(std::move(q), m); }
  void answered(question::named_message q, const store_answered& m) { queue_.answered(std::move(q), m); }
  void answered(question::named_message q, const timed_out& m) { queue_.answered(std::move(q), m); }
  void answered(question::room_view q, const store_answered& m) { queries_.answered(std::move(q), m); }
  void answered(const question::room_view& q, const timed_out& m) { queries_.answered(q, m); }

  // -- another room takes the place of this one, or this one has taken the place of another
  void load() {
    upgrade_.load();
    refounding_.load();
  }
  void on(const room_version_refused& m);
  void on(const refounding_request& m) { refounded_.make(m); }
  void on(const refounding_done& m);
  void on(const room_succeeded& m);
  void on(const handover_ended& m);
  /// The former room is not through with it.
  bool takes_over() const { return !refounded_.is_idle(); }
  void answered(const question::own_history& q, const store_answered& m) { advance(q, m); }
  void answered(const question::own_history& q, const timed_out& m) { advance(q, m); }
  void answered(const question::own_invitations& q, const store_answered& m) { advance(q, m); }
  void answered(const question::own_invitations& q, const timed_out& m) { advance(q, m); }
  time_ms deadline() const {
    return earlier(upgrade_.deadline(), earlier(refounding_.deadline(), refounded_.deadline()));
  }
  void on_deadline();

  /// A room.join is over. @param why  none: joined
  void join_ended(const command_reference& of, const fault& why);
  /// While the first events of a room are made, or those that end it as it was, or its users leave it for another: the
  /// chat server knows all of it.
  bool is_creating() const {
    return rooms_.is_creating() || upgrade_.is_quiet() || refounded_.is_making() || refounding_.is_leaving();
  }
  /// Who removes the room just now; empty: nobody does.
  const std::string& removed_by() const { return removal_.by(); }

  // -- an upgrade
  void found_successor(const successor_request& m) { upgrade_.found(m); }
  void successor_founded(const causeway::successor_founded& m);

  void describe(matrix::json::object& o, time_ms now) const {
    o.set("commands_waiting", static_cast<std::int64_t>(queue_.size()));
    upgrade_.describe(o, now);
    refounding_.describe(o, now);
  }
  bool is_idle() const {
    return queue_.is_idle() && queries_.is_idle() && upgrade_.is_idle() && refounding_.is_idle() &&
           refounded_.is_idle();
  }

private:
  bool may_run() const override;
  command_outcome carry_out(queued_command& c) override;
  command_outcome join(const queued_command& c, const chat::room_join& x);
  /// Of what another server has to help with, whether one may be asked.
  status may_ask_others(const chat::command& body) const;
  /// Of somebody of ours who comes into a room that federates, whether they may.
  status may_federate(const chat_command& c) const;
  bool is_busy() const { return joining_ || authoring_.waits(); }
  template <class Question, class Answer>
  void advance(const Question& q, const Answer& m) {
    refounding_.answered(std::move(q), m);
    if (!refounding_.is_under_way()) queue_.run(); // it was given up
  }
  /// Whose invitation or knock a command is about that is not carried out by the room; null: the room does.
  const std::string* user_of_invitation(const chat::command& body) const;

  const room_state& room_;
  decision& out_;
  const authoring& authoring_;
  const room_invitations& invitations_;
  joins& joins_;
  message_names names_;
  command_queue queue_;
  message_commands messages_;
  relation_commands related_;
  member_commands members_;
  room_commands rooms_;
  query_commands queries_;
  moderation_commands moderation_;
  role_commands roles_;
  room_settings settings_;
  room_removal removal_;
  room_upgrade upgrade_;
  refounding refounding_;
  refounded_room refounded_;
  receipt_commands receipts_;
  bool joining_ = false; ///< a room.join is carried out; the commands after it wait
};

} // namespace causeway::room
