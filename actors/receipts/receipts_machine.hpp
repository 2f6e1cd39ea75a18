#pragma once
#include "actors/context.hpp"
#include "actors/decision.hpp"
#include "actors/effects.hpp"
#include "actors/incarnation.hpp"
#include "actors/receipts/debts.hpp"
#include "actors/receipts/marker_book.hpp"
#include "actors/receipts/newcomers.hpp"
#include "actors/receipts/parked_markers.hpp"
#include "actors/receipts/reader_queries.hpp"

#include <string>

namespace causeway::receipts {

/// How far everybody has read: one per node. Pure. The machine routes: `marker_book` decides whether a marker moves,
/// `debts` tells other servers of ours, `newcomers` those that have just come in, `parked_markers` keeps those whose
/// event has not come, `reader_queries` answers the chat server. It never ends.
class receipts_machine {
public:
  static constexpr timer_kind timer = timer_kind::deadline;

  explicit receipts_machine(const context& node);
  receipts_machine(const receipts_machine&) = delete; // its components refer to each other
  receipts_machine& operator=(const receipts_machine&) = delete;

  effects on(const message& m, time_ms now);
  /// One JSON object for the operator.
  std::string describe(time_ms now) const;

private:
  void dispatch(const message& m);
  void loaded(const store::receipt_debts_loaded& from);
  void on_timer();
  time_ms deadline() const;
  effects flush();

  const context& node_;
  decision out_;
  incarnation life_;
  debts debts_;
  parked_markers parked_;
  marker_book book_;
  reader_queries queries_;
  newcomers newcomers_;
  time_ms set_for_ = 0; ///< when the timer goes off; 0: it is not set
};

} // namespace causeway::receipts
