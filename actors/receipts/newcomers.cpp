#include "actors/receipts/newcomers.hpp"

#include <algorithm>
#include <utility>

namespace causeway::receipts {

void newcomers::take(const server_joined& m) {
  if (!node_.settings().federation.receipts || m.local_members.empty()) return;
  if (questions_.size() >= questions_max) questions_.erase(questions_.begin());
  const auto asked = out_.next_token();
  questions_.emplace(asked, question{m.room_id, m.server_name});
  out_.ask(asked, store::load_receipts{m.room_id, m.local_members, {}});
}

bool newcomers::answered(token asked, const store::answer& found) {
  const auto open = questions_.find(asked);
  if (open == questions_.end()) return false;
  const auto q = std::move(open->second);
  questions_.erase(open);
  const auto* loaded = std::get_if<store::receipts_loaded>(&found);
  if (!loaded || !node_.settings().federation.receipts) return true; // it hears of what moves from now on
  std::vector<store::put_receipt> owed;
  for (const auto& x : loaded->receipts)
    if (!x.is_private && x.change > 0 && out_.now() - x.ts <= debts::age_ms_max) {
      owed.push_back(x);
      owed.back().room_id = q.room_id;
    }
  std::ranges::sort(owed, {}, &store::put_receipt::change);
  if (owed.size() > markers_max) owed.erase(owed.begin(), owed.end() - markers_max);
  debts_.owe_newcomer(q.server_name, q.room_id, owed);
  return true;
}

} // namespace causeway::receipts
