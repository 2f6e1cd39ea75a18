#pragma once
#include "actors/alarm_time.hpp"
#include "actors/decision.hpp"
#include "actors/room/chat_notifier.hpp"
#include "actors/room/directory_entry.hpp"
#include "actors/room/event_writer.hpp"
#include "actors/room/pending_questions.hpp"
#include "actors/room/relations.hpp"
#include "actors/room/room_state.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace causeway::room {

/// Redactions: which of them apply, held until their target comes, and what is left of it then.
/// Source: "Room Versions", "Redactions" and "Handling redactions".
class redactions {
public:
  /// Redactions of events that nobody has sent yet: as many are held, the oldest make room. One server's fill a tenth.
  static constexpr std::size_t held_max = 10'000;
  static constexpr std::size_t held_per_server_max = 1'000;

  /// Events before a ban that are looked through for what its target has written, where it wishes that away.
  static constexpr std::size_t before_ban_max = 500;
  /// Such wishes that are taken up again when the room is loaded, the latest ones.
  static constexpr std::size_t wishes_max = 100;
  /// What a ban says of that wish; the second until the proposal is part of the specification.
  static constexpr const char* wish_keys[] = {"redact_events", "org.matrix.msc4293.redact_events"};

  redactions(const room_state& room, decision& out, pending_questions& pending, event_writer& writer,
             chat_notifier& notifier, directory_entry& entry)
      : room_(room), out_(out), pending_(pending), writer_(writer), notifier_(notifier), entry_(entry),
        relations_(room, out, pending, notifier) {}
  /// Edits and reactions are taken back by a redaction, and vanish with what they relate to.
  relations& related() { return relations_; }
  const relations& related() const { return relations_; }

  /// What an earlier incarnation held, oldest first.
  void load(const std::vector<store::hold_redaction>& held);

  /// An accepted m.room.redaction: it is held until its target is found. @param before  the state before it
  void accepted(const matrix::event& redaction, const state_ref& before);
  /// The same for one fetched as history: judged by what it cites, the state before it is not known.
  void accepted_history(const matrix::event& redaction);

  /// The form in which an event enters the room: what a redaction that came before it leaves. Then, when its row is
  /// written, `complete`.
  matrix::event_ptr as_redacted(const matrix::event_ptr& x);
  /// After the event's own row: says in the store by what it was redacted.
  void complete(const matrix::event_ptr& x);
  /// Between the two: whether a redaction applies to it.
  bool applies_to(const std::string& event_id) const { return redacting_now_.contains(event_id); }

  /// The target of what may be held is in the store now, as part of a state.
  void target_came(const std::string& event_id);
  /// Redacts a stored event. @pre there is a target
  void apply(const matrix::event_ptr& redaction, const store::redaction_loaded& found);

  /// A ban, or a kick, that wishes all its target has written away: each of their messages among the latest events is
  /// redacted by it. What came before stays as it is: nobody keeps an index of senders. The wish is held like a
  /// redaction, as one of the ban itself, until all is done; so a crash or a store that says nothing only delays it:
  /// it is taken up again, one wish after the other, with what the ban knows of. (ban_redactions.cpp)
  void observe(const state_change& c);
  void answered(const question::before_ban& q, const store_answered& m);
  void answered(const question::before_ban& q, const timed_out&);
  void answered(const question::message_of_banned& q, const store_answered& m);
  void answered(const question::message_of_banned& q, const timed_out&);

  void answered(const question::redaction_target& q, const store_answered& m);
  void answered(const question::redaction_target&, const timed_out&) {} // the next incarnation of this actor asks again
  void describe(matrix::json::object& o, time_ms) const {
    o.set("redactions_held", static_cast<std::int64_t>(held_.size()));
  }
  bool is_idle() const {
    return wishes_left_.empty() && pending_.count<question::redaction_target>() +
                                       pending_.count<question::before_ban>() +
                                       pending_.count<question::message_of_banned>() ==
                                     0;
  }
  time_ms deadline() const { return again_.at(); }
  void on_deadline();

private:
  struct held_redaction {
    std::string target, sender;
    bool by_power = false;
    std::int64_t order = 0; ///< of coming
  };
  struct wish {
    std::string user;
    std::size_t open = 0; ///< messages the store is asked for
    bool is_lost = false; ///< it did not say one of them
  };
  store::load_ancestors words_before(std::vector<std::string> from) const;
  void load_wishes(const std::vector<store::hold_redaction>& wishes);
  void take_up_next();
  void take_up_later(question::before_ban q);
  void ban_answered(const std::string& ban, bool is_known);
  void hold(const matrix::event& redaction, bool by_power);
  void make_room_for(std::string_view server);
  void drop(const std::string& redaction_id);
  void look_up(const std::string& redaction_id, const std::string& target);
  void looked_up(const std::string& redaction_id, const store::redaction_loaded& found);
  bool may_redact(const held_redaction& r, const std::string& redaction_id, const matrix::event& target) const;
  bool has_power(const matrix::event& redaction, const matrix::event* levels) const;

  const room_state& room_;
  decision& out_;
  pending_questions& pending_;
  event_writer& writer_;
  chat_notifier& notifier_;
  directory_entry& entry_;
  relations relations_;
  std::map<std::string, held_redaction> held_;        ///< by the redaction's id; bounded
  std::multimap<std::string, std::string> of_target_; ///< target -> held redactions
  std::map<std::string, std::string> redacting_now_;  ///< event being taken in -> the redaction that applies to it
  std::map<std::string, wish> wishes_;                ///< by the ban: whose messages are being redacted
  std::deque<question::before_ban> wishes_left_;      ///< to be taken up, one after the other
  alarm_time again_;                                  ///< when the store that said nothing is asked again
  std::int64_t last_held_ = 0;
};

} // namespace causeway::room
