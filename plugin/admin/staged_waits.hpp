#pragma once
#include "messages/store.hpp"
#include "plugin/admin/gathering.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace causeway::admin {

/// For what staged events wait, in words: the key of a server, events that they cite and we do not have, or such that
/// are staged themselves. Which are stored only the store can tell, so this is made in two steps: `add` and
/// `questions`, then `take` and `fill`. Pure.
class staged_waits {
public:
  /// Bounds of what is asked: an event of a further room, or one whose ids would be too many, is told without words.
  static constexpr std::size_t rooms_max = 10, ids_of_room_max = 500;
  /// Missing events that are named of one.
  static constexpr std::size_t named_max = 3;

  /// @param knows_all_staged  of the rooms: `add` and `is_staged` are told each of them
  explicit staged_waits(bool knows_all_staged) : knows_all_staged_(knows_all_staged) {}

  /// An event that is shown. Of those about whose key nobody has looked, no words are told.
  void add(const store::put_inbox& x);
  /// One that is staged too, shown or not: who cites it waits for it, and it is not missing.
  void is_staged(const store::put_inbox& x) { staged_[x.room_id].insert(x.event_id); }
  /// Whether the event waits for a key that it is signed with.
  void key_looked_up(const std::string& event_id, bool waits_for_it);
  /// Why the keys of a server could not be had.
  void key_fault(const std::string& server, const std::string& fault) { key_faults_[server] = fault; }
  /// The first of those that are shown.
  std::vector<std::string> shown(std::size_t limit) const;

  /// For `questions::store`; empty: nothing need be asked.
  std::vector<std::pair<std::string, store::query>> questions() const;
  /// Answers to these.
  void take(const findings& found);
  /// Writes `waits_for` into each row of the member `staged`.
  void fill(matrix::json::object& body) const;

private:
  struct one {
    std::string event_id, room_id, key_server;
    std::vector<std::string> cites;
    std::optional<bool> waits_for_key; ///< absent: nobody has looked
  };
  std::string in_words(const one& x) const;
  std::string parents_in_words(const one& x) const;

  bool knows_all_staged_;
  std::vector<one> events_;
  std::map<std::string, std::string> key_faults_;       ///< by server
  std::map<std::string, std::set<std::string>> staged_; ///< by room
  std::map<std::string, std::set<std::string>> asked_;  ///< by room: ids that its events cite
  std::map<std::string, std::set<std::string>> known_;  ///< by room: those that are stored; absent: nobody has answered
};

} // namespace causeway::admin
