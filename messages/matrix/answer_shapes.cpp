#include "messages/matrix/answer_shapes.hpp"

#include "messages/matrix/json.hpp"
#include "messages/matrix/json_outline.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace causeway::matrix {
namespace {

using members = std::vector<json::outline_member>;

enum class occurrence : std::uint8_t { required, optional };

struct promise {
  std::string_view key;
  json::value_kind kind = json::value_kind::object;
  occurrence need = occurrence::required;
};
constexpr auto optional = occurrence::optional;

/// Members of one answer; more are free to come.
struct answer_row {
  endpoint id;
  std::array<promise, 3> promised{};
};

constexpr std::array answer_rows = [] {
  using enum json::value_kind;
  return std::array{
    answer_row{endpoint::version, {}},
    answer_row{endpoint::key_server,
               {promise{"server_name", string}, {"verify_keys", object}, {"valid_until_ts", number}}},
    answer_row{endpoint::make_join, {promise{"event", object}, {"room_version", string, optional}}},
    answer_row{endpoint::send_join_v1, {promise{"state", list}, {"auth_chain", list}}},
    answer_row{endpoint::send_join_v2, {promise{"state", list}, {"auth_chain", list}}},
    answer_row{endpoint::make_knock, {promise{"event", object}, {"room_version", string}}},
    answer_row{endpoint::make_leave, {promise{"event", object}, {"room_version", string, optional}}},
    answer_row{endpoint::invite_v1, {promise{"event", object}}},
    answer_row{endpoint::invite_v2, {promise{"event", object}}},
    answer_row{endpoint::event, {promise{"pdus", list}}},
    answer_row{endpoint::state, {promise{"pdus", list}, {"auth_chain", list}}},
    answer_row{endpoint::state_ids, {promise{"pdu_ids", list}, {"auth_chain_ids", list, optional}}},
    answer_row{endpoint::backfill, {promise{"pdus", list}}},
    answer_row{endpoint::get_missing_events, {promise{"events", list}}},
    answer_row{endpoint::event_auth, {promise{"auth_chain", list}}},
    answer_row{endpoint::query_profile, {promise{"displayname", string, optional}, {"avatar_url", string, optional}}},
    answer_row{endpoint::query_directory, {promise{"room_id", string}, {"servers", list, optional}}},
    answer_row{endpoint::key_query, {promise{"server_keys", list}}},
    answer_row{endpoint::key_query_batch, {promise{"server_keys", list}}},
    answer_row{endpoint::public_rooms, {promise{"chunk", list}}},
    answer_row{endpoint::public_rooms_filtered, {promise{"chunk", list}}},
    answer_row{endpoint::hierarchy, {promise{"room", object}, {"children", list, optional}}},
    answer_row{endpoint::timestamp_to_event, {promise{"event_id", string}, {"origin_server_ts", number}}},
    answer_row{endpoint::user_devices, {promise{"user_id", string}, {"devices", list}}},
    answer_row{endpoint::user_keys_query, {promise{"device_keys", object}}},
    answer_row{endpoint::user_keys_claim, {promise{"one_time_keys", object}}},
    answer_row{endpoint::openid_userinfo, {promise{"sub", string}}},
  };
}();

const json::outline_member* find(const members& all, std::string_view key) {
  const auto at = std::find_if(all.begin(), all.end(), [&](const auto& m) { return m.key == key; });
  return at == all.end() ? nullptr : &*at;
}

fault bad_answer(std::string what) { return {fault_code::peer_bad_answer, std::move(what)}; }

status check_members(const std::array<promise, 3>& promised, const members& found) {
  for (const auto& p : promised) {
    if (p.key.empty()) break;
    const auto* m = find(found, p.key);
    const bool is_absent = !m || (m->kind == json::value_kind::null && p.need == occurrence::optional);
    if (is_absent && p.need == occurrence::optional) continue;
    if (is_absent) return bad_answer("no " + std::string{p.key});
    if (m->kind != p.kind) return bad_answer(std::string{p.key} + " is of the wrong kind");
  }
  return ok();
}

/// `pdus` with the verdicts. Three other forms mean the same: `{}` where nothing is to be said of any PDU (Construct
/// for a transaction of EDUs alone; MSC3618, which Dendrite had for a time), the verdicts without `pdus` around them
/// (ejabberd), and anything beside `pdus`.
status check_transaction_answer(const members& found) {
  if (const auto* pdus = find(found, "pdus"))
    return pdus->kind == json::value_kind::object ? ok() : bad_answer("pdus is of the wrong kind");
  const auto is_verdict = [](const auto& m) { return m.key.starts_with('$') && m.kind == json::value_kind::object; };
  return std::all_of(found.begin(), found.end(), is_verdict) ? ok() : bad_answer("no pdus");
}

/// The events a knock may be shown; under another name in Synapse before 1.79.
status check_knock_answer(const members& found) {
  const auto* state = find(found, "knock_room_state");
  if (!state) state = find(found, "knock_state_events");
  if (!state) return bad_answer("no knock_room_state");
  return state->kind == json::value_kind::list ? ok() : bad_answer("knock_room_state is of the wrong kind");
}

/// An empty object. Whoever stands before the server and does not know the path has something to say: then nobody has
/// taken the event.
status check_empty_answer(const members& found) { return found.empty() ? ok() : bad_answer("not the empty object"); }

/// Signatures by server. Empty: the policy server has not signed.
status check_signatures(const members& found) {
  const auto is_server = [](const auto& m) { return m.kind == json::value_kind::object; };
  return std::all_of(found.begin(), found.end(), is_server) ? ok() : bad_answer("no signatures by server");
}

status check(endpoint id, const members& found) {
  switch (id) {
  case endpoint::send: return check_transaction_answer(found);
  case endpoint::send_knock: return check_knock_answer(found);
  case endpoint::send_leave_v1:
  case endpoint::send_leave_v2: return check_empty_answer(found);
  case endpoint::policy_sign: return check_signatures(found);
  default: break;
  }
  const auto row = std::find_if(answer_rows.begin(), answer_rows.end(), [&](const auto& x) { return x.id == id; });
  return row == answer_rows.end() ? ok() : check_members(row->promised, found);
}

bool is_no_json(endpoint id) {
  return id == endpoint::media_download || id == endpoint::media_thumbnail || id == endpoint::media_download_v3;
}

/// Lists are read item by item by who asked, since one that cannot be read must not spoil the others; an answer without
/// is read whole.
bool has_list(endpoint id) {
  if (id == endpoint::send_knock) return true;
  const auto row = std::find_if(answer_rows.begin(), answer_rows.end(), [&](const auto& x) { return x.id == id; });
  return row != answer_rows.end() && std::any_of(row->promised.begin(), row->promised.end(), [](const auto& p) {
           return !p.key.empty() && p.kind == json::value_kind::list;
         });
}

} // namespace

status check_answer(endpoint id, std::string_view body) {
  if (is_no_json(id)) return ok();
  const auto found = json::outline(body);
  if (!found) return bad_answer(found.error().detail);
  if (auto fine = check(id, *found); !fine) return fine;
  if (has_list(id)) return ok();
  const auto whole = json::parse(body);
  return whole ? ok() : status{bad_answer("not JSON: " + whole.error().detail)};
}

} // namespace causeway::matrix
