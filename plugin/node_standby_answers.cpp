#include "plugin/node_standby_answers.hpp"

#include "plugin/node_clock.hpp"
#include "plugin/node_place.hpp"
#include "plugin/node_rows.hpp"
#include "plugin/version.hpp"

#include <array>
#include <variant>

namespace causeway {
namespace {

bool is_answered_here(std::string_view verb) {
  static constexpr std::array<std::string_view, 4> all = {"nodes", "history", "node.drain", "node.undrain"};
  for (const auto& x : all)
    if (x == verb) return true;
  return false;
}

} // namespace

standby_answers::standby_answers(const config::options& options, node_log& log,
                                 std::shared_ptr<std::atomic<store::drained>> is_drained,
                                 std::function<std::string()> about,
                                 std::function<void(const edge::connection&, edge::frame)> send)
    : log_(log), is_drained_(std::move(is_drained)), about_(std::move(about)), send_(std::move(send)),
      cluster_(options.store) {
  admin::services& own = *this; // a private base is no business of make_unique
  admin_ = std::make_unique<admin::admin_service>(
    admin::identity{options.node.server_name, std::string{version()}, {}, {}, name_of_node(options)}, own);
}

standby_answers::~standby_answers() { stop(); }

fault standby_answers::why_refused(std::string_view verb) {
  return is_answered_here(verb) ? fault{fault_code::none, ""}
                                : fault{fault_code::conflict, about_() + "; ask the node that serves"};
}

void standby_answers::ask_store(store::query question, std::function<void(store::answer)> done) {
  if (const auto* nodes = std::get_if<store::list_nodes>(&question)) return cluster_.list_nodes(nodes->limit, done);
  done(fault{fault_code::conflict, about_()});
}

void standby_answers::list_terms(std::size_t limit, std::function<void(result<std::vector<admin::term_row>>)> done) {
  cluster_.list_terms(limit + 1, [done = std::move(done), limit](const auto& found) { done(rows_of(found, limit)); });
}

void standby_answers::commit(store::store_batch batch, std::function<void(status)> done) {
  log_audit(batch);
  done(ok());
}

std::int64_t standby_answers::now_ms() { return wall_clock_ms(); }

status standby_answers::drain(bool, const std::string& reason) {
  return set_drained(store::drained::until_needed, reason);
}

status standby_answers::undrain(const std::string& reason) { return set_drained(store::drained::no, reason); }

/// Who does not serve writes nothing to the store: what an operator changes here, and who, stands in the log.
void standby_answers::log_audit(const store::store_batch& batch) {
  for (const auto& x : batch.writes)
    if (const auto* row = std::get_if<store::put_audit>(&x); row && row->outcome != "begun")
      log_.write(note{log_level::info,
                      "N767 an operator's command to a node that stands by",
                      {{"verb", row->verb},
                       {"peer", row->peer},
                       {"by", row->by},
                       {"reason", row->reason},
                       {"outcome", row->outcome}}},
                 {actor_kind::store, ""});
}

status standby_answers::set_drained(store::drained how, const std::string& reason) {
  for (auto now = is_drained_->load();;) {
    if (now == store::drained::serves)
      return {fault_code::conflict, "this node takes its turn at this moment; ask again when it serves"};
    // Who was drained without a successor was told that it does not come back by itself.
    const bool is_kept = how == store::drained::until_needed && now == store::drained::until_undrained;
    if (is_drained_->compare_exchange_weak(now, is_kept ? now : how)) break;
  }
  log_.write(note{log_level::info,
                  how == store::drained::no ? "N764 node undrained: it takes its turn again"
                                            : "N763 node drained: it leaves its turn to others",
                  {{"reason", reason}}},
             {actor_kind::store, ""});
  return ok();
}

} // namespace causeway
