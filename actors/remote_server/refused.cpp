// What a server that is there refuses: found out piece by piece, then set aside, so that the rest goes on in order.
#include "actors/excerpt.hpp"
#include "actors/remote_server/answer_check.hpp"
#include "actors/remote_server/back_off.hpp"
#include "actors/remote_server/remote_server_machine.hpp"

namespace causeway::remote_server {
namespace {

/// Of the reason that is told and kept, bytes.
constexpr std::size_t reason_bytes_max = 300;

} // namespace

std::string remote_server_machine::next_transaction_id() {
  // Never used twice: the boot, the birth of this actor, its count. A repeated id would be answered from memory and lost.
  return node_.boot_id + "-" + std::to_string(born_) + "-" + std::to_string(++last_transaction_);
}

void remote_server_machine::transaction_refused(const gateway::http_answer& a) {
  refusal_ = excerpt(describe_failure(a), reason_bytes_max);
  constexpr int content_too_large = 413; // says itself what it is about
  if (a.status == content_too_large && in_flight_.size() > 1) return split_after_pause();
  send_probe();
}

void remote_server_machine::split_after_pause() {
  is_refused_ = true;
  transaction_failed(refusal_, back_off(node_.federation, 1, out_.now(), out_.now(), server_name_));
  split_transaction();
}

void remote_server_machine::send_probe() {
  probing_ = true;
  in_flight_request_ = request(open_request::kind::transaction, matrix::endpoint::send, {next_transaction_id()}, {},
                               matrix::write_transaction(node_.server_name, out_.now(), {}, {}),
                               node_.federation.send_timeout_ms, 1024 * 1024);
}

void remote_server_machine::probe_answered(const gateway::http_answer& a) {
  if (a.status != 200)
    return transaction_failed(refusal_); // it takes nothing at all, or is gone by now: nothing is lost
  // It takes transactions: what is in this one is what it does not take.
  is_refused_ = true;
  switch (refusals_.on_refused(in_flight_.size(), destination_.transaction_edus.size())) {
  case refusals::next::drop_edus: return drop_edus();
  case refusals::next::split: return split_after_pause();
  case refusals::next::repeat:
    return transaction_failed(refusal_,
                              back_off(node_.federation, refusals_.alone(), out_.now(), out_.now(), server_name_));
  case refusals::next::set_aside: return set_aside();
  }
}

void remote_server_machine::drop_edus() {
  out_.log(
    log_level::warning, "server refuses ephemeral items: it gets none for a while",
    {{"server", server_name_}, {"edus", std::to_string(destination_.transaction_edus.size())}, {"why", refusal_}});
  edus_refused_until_ = out_.now() + refused_edus_pause_ms;
  destination_.transaction_edus.clear();
  if (in_flight_.empty()) return end_transaction_under_way();
  // Another body, so another id.
  destination_.transaction_id = next_transaction_id();
  out_.write(destination_);
  send_transaction();
}

void remote_server_machine::set_aside() {
  const auto q = in_flight_.front();
  const auto& e = *q.event;
  out_.log(log_level::warning, "event set aside: the server takes others and refuses this one by itself",
           {{"server", server_name_}, {"room", e.room_id}, {"event", e.event_id}, {"why", refusal_}});
  ++refused_;
  out_.write(store::put_refused_pdu{server_name_, e.event_id, e.room_id, e.type, refusal_, out_.now()});
  if (tells_delivery(true)) tell_delivery(q, "failed", refusal_);
  edus_refused_until_ = 0; // it was the PDU that went with them
  end_transaction_under_way();
}

} // namespace causeway::remote_server
