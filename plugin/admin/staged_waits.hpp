#pragma once
#include "messages/store.hpp"
#include "plugin/admin/scatter_gather.hpp"
#include "plugin/admin/key_waits.hpp"

#include <cstddef>
#include <cstdint>
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
  /// Servers whose keys are looked up.
  static constexpr std::size_t key_servers_max = 10;

  /// @param knows_all_staged  of the rooms: `add` and `is_staged` are told each of them
  explicit staged_waits(bool knows_all_staged) : knows_all_staged_(knows_all_staged) {}

  /// An event that is shown. Of those about whose key nobody has looked, no words are told.
  void add(const store::put_inbox& x);
  /// One that is staged too, shown or not: who cites it waits for it, and it is not missing.
  void is_staged(const store::put_inbox& x) { staged_[x.room_id].insert(x.event_id); }
  /// Whether the event waits for a key that it is signed with.
  void key_looked_up(const std::string& event_id, bool waits_for_it);
  /// The first of those that are shown.
  std::vector<std::string> shown(std::size_t limit) const;

  /// For `questions::store`; empty: nothing need be asked.
  std::vector<std::pair<std::string, store::query>> questions() const;
  /// The server whose actor is asked, beside these, why its keys could not be had; empty: no key is waited for.
  std::string key_server() const;
  /// Answers to these.
  void take(const query_results& found);
  /// Writes `waits_for` into each row of the member `staged`, and what these come to into that of a room.
  void fill(matrix::json::object& body, std::int64_t now_ms) const;

private:
  struct one {
    std::string event_id, room_id;
    std::vector<event_signer> signers; ///< never empty
    std::vector<std::string> cites;
    std::optional<bool> waits_for_key; ///< absent: nobody has looked
  };
  /// Of those that an event cites, what is not stored.
  struct lacks {
    std::vector<std::string> missing, waiting; ///< waiting: they are staged themselves
  };
  /// Nothing: it is not known.
  std::optional<lacks> lacks_of(const one& x) const;
  /// Of the signers the one whose key is missing, as far as one knows.
  const event_signer& signer_to_ask(const one& x) const;
  known_keys known_of(const std::string& server) const;
  std::string in_words(const one& x, std::int64_t now_ms) const;
  std::string parents_in_words(const one& x) const;
  void sum_up(matrix::json::object& body) const;

  bool knows_all_staged_;
  std::vector<one> events_;
  std::map<std::string, known_keys> keys_;              ///< by server
  std::map<std::string, std::set<std::string>> staged_; ///< by room
  std::map<std::string, std::set<std::string>> asked_;  ///< by room: ids that its events cite
  std::map<std::string, std::set<std::string>> known_;  ///< by room: those that are stored; absent: nobody has answered
};

} // namespace causeway::admin
