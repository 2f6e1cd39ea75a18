#include "plugin/store/query_executor.hpp"

#include <exception>
#include <optional>
#include <variant>

namespace causeway::store::sql {
namespace {

/// One snapshot for all statements of an answer.
class snapshot {
public:
  explicit snapshot(connection& db) : db_(db) { db_.begin(false); }
  snapshot(snapshot&&) = delete;
  ~snapshot() {
    try {
      db_.commit();
    } catch (const error&) {
      db_.roll_back(); // it was read only
    }
  }

private:
  connection& db_;
};

template <class Group, class Query>
concept answers = requires(Group& group, const Query& x) { group.on(x); };

} // namespace

query_executor::query_executor(connection& db, names& known)
    : db_(db), names_(known), bindings_(db, known), keys_(db, known), events_(db, known),
      fan_outs_(db, events_, bindings_), inbox_(db), relations_(db, known, events_, bindings_),
      redactions_(db, known, {events_, bindings_, relations_}), invitations_(db, known),
      rooms_(db, known, {events_, inbox_, redactions_, invitations_, relations_, fan_outs_}),
      destinations_(db, known, {events_, rooms_, bindings_, keys_, fan_outs_}), commands_(db, known), outbox_(db),
      transactions_(db, known), users_(db), switches_(db), receipts_(db, known, events_, bindings_), audit_(db),
      nodes_(db), shards_(db, rooms_), start_({rooms_, destinations_, invitations_, keys_, users_, switches_}) {}

answer query_executor::ask(const query& question) {
  names_.refresh();
  try {
    snapshot one{db_};
    return std::visit([this](const auto& x) { return on(x); }, question);
  } catch (const error& failed) {
    return to_fault(failed);
  } catch (const std::exception& failed) {
    return fault{fault_code::internal, failed.what()};
  }
}

template <class Query>
answer query_executor::on(const Query& x) {
  std::optional<answer> given;
  std::apply(
    [&]<class... Groups>(Groups&... group) {
      static_assert((answers<Groups, Query> + ...) == 1, "each query is answered by one table group");
      const auto offer = [&](auto& to) {
        if constexpr (answers<decltype(to), Query>) given = to.on(x);
      };
      (offer(group), ...);
    },
    groups());
  return std::move(*given);
}

} // namespace causeway::store::sql
