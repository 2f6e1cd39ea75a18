#pragma once
#include "messages/matrix/json.hpp"
#include "messages/probe.hpp"
#include "messages/store.hpp"
#include "plugin/admin/rows.hpp"

#include <span>
#include <string>
#include <vector>

/// What is wrong with a server, by what one sees of it from outside. Pure.
namespace causeway::admin {

/// Our own key, where the server is our own.
struct own_key {
  std::string key_id, public_key_base64;
};

/// The worst first.
/// @param ours  null: it is another server
/// @param staged  events that wait here and name the server: the keys they are signed with are looked for
std::vector<finding_row> diagnose(const probe::report& x, const own_key* ours,
                                  std::span<const store::put_inbox> staged = {});

/// Whether others can federate with it: an address that leads to its keys over a certificate that holds, and no
/// critical finding.
bool can_federate(const probe::report& x, const std::vector<finding_row>& findings);

/// {ServerName, WellKnownResult, DNSResult, ConnectionReports, ConnectionErrors, Version, FederationOK}: names and
/// shape are those of the federation tester (matrix-org/matrix-federation-tester).
matrix::json::object tester_report(const probe::report& x, const std::vector<finding_row>& findings);

/// The steps of the probe, and the signature of its keys.
/// @param staged  as above
std::vector<phase_row> phases_of(const probe::report& x, std::span<const store::put_inbox> staged = {});

} // namespace causeway::admin
