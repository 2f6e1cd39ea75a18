#pragma once
#include "plugin/admin/admin_service.hpp"
#include "plugin/inspector/services.hpp"

#include <functional>
#include <string>
#include <vector>

/// The operator's commands as HTTP has them: arguments from a query or a JSON body, faults as a status.
namespace causeway {

/// `GET /api/VERB?...` and `POST /api/VERB`. A command by POST needs a `reason` in its body. `commands` lists them all.
void ask_command(admin::admin_service& admin, const inspector::question& x, inspector::answer_function done);

/// The command `check`, behind what is known at once. A warning is no failure.
void ask_checks(admin::admin_service& admin, std::vector<inspector::health_check> known,
                std::function<void(std::vector<inspector::health_check>)> done);

/// A list that is shown live, by its verb.
void poll_list(admin::admin_service& admin, const std::string& topic, std::function<void(inspector::late_rows)> done);

} // namespace causeway
