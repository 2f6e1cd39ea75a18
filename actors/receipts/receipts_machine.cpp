#include "actors/receipts/receipts_machine.hpp"

#include <type_traits>
#include <variant>

namespace causeway::receipts {

receipts_machine::receipts_machine(const context& node)
    : node_(node), out_({actor_kind::receipts, ""}), debts_(node_, out_), book_(node_, out_, debts_, parked_),
      queries_(out_), newcomers_(node_, out_, debts_) {}

effects receipts_machine::on(const message& m, time_ms now) {
  out_.begin(m, now);
  switch (life_.on(m, out_, [] { return store::load_receipt_debts{unsent_markers::markers_max}; })) {
  case incarnation::turn::waits: break;
  case incarnation::turn::loaded:
    loaded(incarnation::state_in<store::receipt_debts_loaded>(m, "the receipts"));
    for (const auto& waiting : life_.take_deferred()) dispatch(waiting);
    break;
  case incarnation::turn::runs: dispatch(m);
  }
  return flush();
}

void receipts_machine::loaded(const store::receipt_debts_loaded& from) {
  book_.load(from);
  debts_.load(from);
}

void receipts_machine::dispatch(const message& m) {
  out_.continue_trace(m.trace); // it may have waited
  std::visit(
    [this](const auto& x) {
      using T = std::decay_t<decltype(x)>;
      if constexpr (std::is_same_v<T, markers_moved>) book_.take(x);
      else if constexpr (std::is_same_v<T, readers_request>) queries_.take(x);
      else if constexpr (std::is_same_v<T, server_joined>) newcomers_.take(x);
      else if constexpr (std::is_same_v<T, room_servers_response>) debts_.told(x);
      else if constexpr (std::is_same_v<T, edu_completed>) debts_.completed(x);
      else if constexpr (std::is_same_v<T, server_alive>) debts_.alive(x.server_name);
      else if constexpr (std::is_same_v<T, settings_replaced>) debts_.settings_replaced();
      else if constexpr (std::is_same_v<T, store_answered>) {
        if (!book_.answered(x.asked, *x.answer) && !newcomers_.answered(x.asked, *x.answer))
          queries_.answered(x.asked, *x.answer);
      } else if constexpr (std::is_same_v<T, timer_due>) on_timer();
      else if constexpr (std::is_same_v<T, status_request>)
        out_.send_at_once(x.reply_to, status_response{x.asked, out_.self(), describe(out_.now())});
      else if constexpr (std::is_same_v<T, passivate>) return; // it only had to be made
      else out_.log(log_level::error, "P803 receipts: unexpected message type");
    },
    m);
}

void receipts_machine::on_timer() {
  set_for_ = 0;
  const auto is_due = [this](time_ms at) { return at != 0 && at <= out_.now(); };
  if (is_due(book_.deadline())) book_.on_deadline();
  if (is_due(debts_.deadline())) debts_.on_deadline();
  if (is_due(queries_.deadline())) queries_.on_deadline();
}

time_ms receipts_machine::deadline() const {
  return earlier(earlier(book_.deadline(), debts_.deadline()), queries_.deadline());
}

effects receipts_machine::flush() {
  // One that is set for an earlier moment stays, and finds nothing to do then.
  if (const auto at = deadline(); at != 0 && (set_for_ == 0 || at < set_for_)) {
    out_.wake_at(at, timer);
    set_for_ = at;
  }
  return out_.take();
}

std::string receipts_machine::describe(time_ms) const {
  matrix::json::object o;
  o.set("is_on", node_.settings().federation.receipts);
  o.set("waiting", static_cast<std::int64_t>(book_.waiting()));
  o.set("parked", static_cast<std::int64_t>(parked_.size()));
  debts_.describe(o);
  return matrix::json::canonical(o);
}

} // namespace causeway::receipts
