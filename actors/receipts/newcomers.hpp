#pragma once
#include "actors/context.hpp"
#include "actors/decision.hpp"
#include "actors/receipts/debts.hpp"
#include "messages/receipts.hpp"
#include "messages/store.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace causeway::receipts {

/// Servers that have just come into a room: what our members have read in it before is owed to them, the newest marker
/// of each user and thread. Only what other servers were, or would have been, told when it was read.
class newcomers {
public:
  /// Questions to the store that are open; at the bound the oldest is given up: that server hears of what moves from
  /// then on.
  static constexpr std::size_t questions_max = 200;
  /// Markers of one room that a newcomer is owed, those that moved last.
  static constexpr std::size_t markers_max = 500;

  newcomers(const context& node, decision& out, debts& owed) : node_(node), out_(out), debts_(owed) {}

  void take(const server_joined& m);
  /// @returns whether it was the answer to a question of this
  bool answered(token asked, const store::answer& found);

private:
  struct question {
    std::string room_id, server_name;
  };

  const context& node_;
  decision& out_;
  debts& debts_;
  std::map<token, question> questions_; ///< the oldest first
};

} // namespace causeway::receipts
