#pragma once
#include "config/loader.hpp"
#include "tools/causeway/broker_request.hpp"

#include <string>

/// The operator's commands beyond lists and pages: what changes something, and what looks for what is wrong.
namespace causeway::tools {

int run_doctor(const broker_request& x);
int run_probe(const broker_request& x);
int run_check(const broker_request& x);
/// Of a check that is not made, because it was called wrongly or does not know whom to ask: unknown.
int check_fails(const std::string& why, bool as_json);
int run_compare(const broker_request& x);
int run_resync(const broker_request& x);
int run_pause(const broker_request& x);
int run_resume(const broker_request& x);
int run_revoke(const broker_request& x);
int run_resend(const broker_request& x);
int run_show_letter(const broker_request& x);
int run_cluster_status(const broker_request& x);
int run_cluster_shards(const broker_request& x);
int run_cluster_history(const broker_request& x);
/// @param waits  until another node serves, a minute at most
int run_drain(const broker_request& x, bool waits);
int run_undrain(const broker_request& x);
/// @param finishes  false: it only tells how far the upgrade is
int run_upgrade(const broker_request& x, bool finishes);
int run_audit(const broker_request& x);

/// A support archive: what the lists say, as JSON, the configuration without secrets, the last lines of the log. No
/// message, no key. Read again by --archive.
/// @param file  NAME.tar.gz, not there yet
int write_bundle(const broker_request& x, const config::sources& from, const std::string& file);

} // namespace causeway::tools
