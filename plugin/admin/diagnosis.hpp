#pragma once
#include "messages/matrix/json.hpp"
#include "messages/probe.hpp"
#include "plugin/admin/rows.hpp"

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
std::vector<finding_row> diagnose(const probe::report& x, const own_key* ours);

/// Whether others can federate with it: an address that leads to its keys over a certificate that holds, and no
/// critical finding.
bool can_federate(const probe::report& x, const std::vector<finding_row>& findings);

/// {ServerName, WellKnownResult, DNSResult, ConnectionReports, ConnectionErrors, Version, FederationOK}: names and
/// shape are those of the federation tester (matrix-org/matrix-federation-tester).
matrix::json::object tester_report(const probe::report& x, const std::vector<finding_row>& findings);

/// The steps of the probe, and the signature of its keys.
std::vector<phase_row> phases_of(const probe::report& x);

} // namespace causeway::admin
