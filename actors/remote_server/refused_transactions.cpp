// What a server that is there refuses: found out piece by piece, then set aside, so that the rest goes on in order.
#include "actors/excerpt.hpp"
#include "actors/remote_server/answer_check.hpp"
#include "actors/remote_server/transaction_queue.hpp"
#include "messages/matrix/transaction.hpp"

#include <utility>

namespace causeway::remote_server {
namespace {

/// Of the reason that is notified and kept, bytes.
constexpr std::size_t reason_bytes_max = 300;

} // namespace

void transaction_queue::refused(const gateway::http_answer& a) {
  refusal_ = excerpt(describe_failure(a), reason_bytes_max);
  constexpr int content_too_large = 413; // says itself what it is about
  if (a.status == content_too_large && in_flight_.pdus.size() > 1) return split_after_pause();
  send_probe();
}

void transaction_queue::send_probe() {
  put(next_transaction_id(), matrix::write_transaction(server_.node.server_name, out_.now(), {}, {}), awaited::probe);
}

void transaction_queue::probe_answered(const gateway::http_answer& a) {
  if (a.status != 200) return failed(refusal_); // it takes nothing at all, or is gone by now: nothing is lost
  // It takes transactions: what is in this one is what it does not take.
  is_refused_ = true;
  switch (refusals_.on_refused(in_flight_.pdus.size(), destination_.transaction_edus.size())) {
  case refusals::next::drop_edus: return drop_edus();
  case refusals::next::split: return split_after_pause();
  case refusals::next::repeat:
    return failed(refusal_, back_off(server_.options(), refusals_.alone(), out_.now(), out_.now(), server_.name));
  case refusals::next::set_aside: return set_aside();
  }
}

void transaction_queue::split_after_pause() {
  is_refused_ = true;
  failed(refusal_, back_off(server_.options(), 1, out_.now(), out_.now(), server_.name));
  split();
}

void transaction_queue::split() {
  const auto size = in_flight_.pdus.size();
  pdus_.put_back(std::exchange(in_flight_, {}));
  out_.log(log_level::warning, "S206 transaction refused; sending smaller ones",
           {{"server", server_.name}, {"pdus", std::to_string(size)}, {"at_once", std::to_string(pdus_.at_once())}});
  destination_.transaction_id.clear();
  destination_.transaction_pdus.clear();
  destination_.transaction_edus.clear();
  edus_.complete(false);
  out_.write(destination_);
}

void transaction_queue::drop_edus() {
  const auto edus = std::to_string(destination_.transaction_edus.size());
  out_.log(log_level::warning, "S210 EDUs refused; none sent for an hour",
           {{"server", server_.name}, {"edus", edus}, {"why", refusal_}});
  edus_.refused(out_.now());
  destination_.transaction_edus.clear();
  edus_.complete(false);
  if (in_flight_.pdus.empty()) return end_transaction();
  // Another body, so another id.
  destination_.transaction_id = next_transaction_id();
  out_.write(destination_);
  send_transaction();
}

void transaction_queue::set_aside() {
  const auto& q = in_flight_.pdus.front();
  const auto& e = *q.event;
  out_.log(log_level::warning, "S211 event set aside: refused alone five times",
           {{"server", server_.name}, {"room", e.room_id}, {"event", e.event_id}, {"why", refusal_}});
  ++set_aside_;
  out_.hop(e.event_id, hop_stage::refused, out_.details([&] {
    return hop_details{server_.name, destination_.transaction_id, 0, request_phase::http, refusal_};
  }));
  out_.write(store::put_refused_pdu{server_.name, e.event_id, e.room_id, e.type, refusal_, out_.now()});
  notifier_.failed(q, refusal_);
  edus_.allowed(); // it was the PDU that went with them
  end_transaction();
}

} // namespace causeway::remote_server
