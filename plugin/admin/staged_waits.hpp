#pragma once
#include "messages/store.hpp"
#include "plugin/admin/gathering.hpp"

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace causeway::admin {

/// For what staged events wait, in words: the key of a server, or events that they cite and we do not have. Which those
/// are only the store can tell, so this is made in two steps: `add` and `questions`, then `take` and `fill`. Pure.
class staged_waits {
public:
  /// Bounds of what is asked: an event of a further room, or one whose ids would be too many, is told without words.
  static constexpr std::size_t rooms_max = 10, ids_of_room_max = 500;
  /// Missing events that are named of one.
  static constexpr std::size_t named_max = 3;

  void add(const store::put_inbox& x);
  /// The event waits for a key that it is signed with. @param fault  why it could not be had; empty: not known
  void waits_for_key(const std::string& event_id, const std::string& fault = {});
  /// Those of which no key is known to be missing, in the order they were added.
  std::vector<std::string> without_key_known(std::size_t limit) const;

  /// For `questions::store`; empty: nothing need be asked.
  std::vector<std::pair<std::string, store::query>> questions() const;
  /// Answers to these.
  void take(const findings& found);
  /// Writes `waits_for` into each row of the member `staged`.
  void fill(matrix::json::object& body) const;

private:
  struct one {
    std::string event_id, room_id, key_server, key_fault;
    std::vector<std::string> cites;
    bool waits_for_key = false;
  };
  std::string in_words(const one& x) const;

  std::vector<one> events_;
  std::map<std::string, std::set<std::string>> asked_; ///< by room: ids that its events cite
  std::map<std::string, std::set<std::string>> known_; ///< by room: those that are stored; absent: nobody has answered
};

} // namespace causeway::admin
