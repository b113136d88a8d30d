import type { Gateway } from "../api/gateway.ts";
import { archive, unarchive } from "../pipelines/archive.ts";
import { createCampaign, endCampaign, selectCampaign } from "../pipelines/audience/campaigns.ts";
import { openExport, putExport } from "../pipelines/audience/exports.ts";
import { noteOptOuts, takeNotice } from "../pipelines/audience/opt-outs.ts";
import { verifyAudit } from "../pipelines/audit.ts";
import { backpressure } from "../pipelines/backpressure.ts";
import { bundleOf } from "../pipelines/bundle.ts";
import { readCodeLists, unknownCodes } from "../pipelines/code-lists.ts";
import { askEligibility, noteConsent } from "../pipelines/consents.ts";
import { convert, planConversion } from "../pipelines/conversions/convert.ts";
import { watchConversions } from "../pipelines/conversions/watch.ts";
import { changeDealing } from "../pipelines/dealings.ts";
import { decideMany } from "../pipelines/decide-many.ts";
import { decideReview } from "../pipelines/decisions.ts";
import type { Deps } from "../pipelines/deps.ts";
import { takeAddress, undoDomainContact } from "../pipelines/domain-contacts.ts";
import { startDuplicateSearch } from "../pipelines/duplicates.ts";
import { createEntity, deleteContact, editEntity } from "../pipelines/edit.ts";
import { confirmReceipt, erase } from "../pipelines/erasure.ts";
import { addEventWebhook, type WebhookDeps } from "../pipelines/event-webhooks.ts";
import { explain } from "../pipelines/explain.ts";
import { closeGdprRequest, extendGdprRequest, openRequest } from "../pipelines/gdpr-requests.ts";
import { applyImport, correctImport, openImport, tryImport } from "../pipelines/imports.ts";
import { takeLead } from "../pipelines/leads.ts";
import { linkEntity, unlink } from "../pipelines/linking.ts";
import { lookup, lookupRecord, takeHit } from "../pipelines/lookups.ts";
import { mergeKundeemner } from "../pipelines/merging/merge.ts";
import { unmergeKundeemner } from "../pipelines/merging/unmerge.ts";
import { leaseOutbound, receiptOutbound } from "../pipelines/outbound.ts";
import { changePolicies } from "../pipelines/policies.ts";
import { release } from "../pipelines/preview.ts";
import { processingRegister } from "../pipelines/processing-register.ts";
import { receive } from "../pipelines/receive.ts";
import { restrict, unrestrict } from "../pipelines/restriction.ts";
import { checkRobinson } from "../pipelines/robinson.ts";
import { startRun } from "../pipelines/runs.ts";
import { handMembers, refusedOf, runSegment, wishMember } from "../pipelines/segments.ts";
import { completeSnapshot, openSnapshot } from "../pipelines/snapshots.ts";
import {
  pauseAll,
  pauseConnection,
  resumeConnection,
  retryQuarantined,
  testConnection,
} from "../pipelines/steering.ts";
import { startUndo } from "../pipelines/undo.ts";

/** The pipelines, bound to their deps, as the API calls them. */
export const bindGateway = (deps: Deps, webhooks: WebhookDeps): Gateway => ({
  ...bindPipelines(deps),
  addWebhook: (url) => addEventWebhook(webhooks, url),
});

/** All of the gateway but its own webhooks, which send over HTTP. */
export function bindPipelines(deps: Deps): Omit<Gateway, "addWebhook"> {
  const conversions = watchConversions(deps.db.sql);
  return {
    receive: (from, envelopes) => receive(deps, from, envelopes),
    backpressure: (connection) => backpressure(deps, connection),
    createEntity: (act) => createEntity(deps, act),
    editEntity: (act) => editEntity(deps, act),
    deleteContact: (act) => deleteContact(deps, act),
    takeLead: (act) => takeLead(deps, act),
    archive: (act) => archive(deps, act),
    unarchive: (act) => unarchive(deps, act),
    restrict: (act) => restrict(deps, act),
    unrestrict: (act) => unrestrict(deps, act),
    processingRegister: () => processingRegister(deps),
    leadMonths: () => deps.config.gdpr.leadMonths,
    openRequest: (act) => openRequest(deps, act),
    extendGdprRequest: (act) => extendGdprRequest(deps, act),
    closeGdprRequest: (act) => closeGdprRequest(deps, act),
    bundleOf: (of) => bundleOf(deps, of),
    erase: (act) => erase(deps, act),
    confirmReceipt: (act) => confirmReceipt(deps, act),
    unseal: (sealed) => deps.seal.open(sealed),
    verifyAudit: (noted) => verifyAudit(deps, noted),
    noteConsent: (act) => noteConsent(deps, act),
    checkRobinson: (list, act) => checkRobinson(deps, list, act),
    openExport: (act) => openExport(deps, act),
    putExport: (act) => putExport(deps, act),
    createCampaign: (act) => createCampaign(deps, act),
    selectCampaign: (id, again) => selectCampaign(deps, id, again),
    endCampaign: (act) => endCampaign(deps, act),
    takeNotice: (connection, notice) => takeNotice(deps, connection, notice),
    noteOptOuts: (connection, said) => noteOptOuts(deps, connection, said),
    askEligibility: (question) => askEligibility(deps, question),
    runSegment: (id) => runSegment(deps, id),
    handMembers: (query) => handMembers(deps, query),
    refusedOf: (query) => refusedOf(deps, query),
    wishMember: (act) => wishMember(deps, act),
    takeAddress: (act) => takeAddress(deps, act),
    undoDomainContact: (act) => undoDomainContact(deps, act),
    merge: (act) => mergeKundeemner(deps, act),
    unmerge: (act) => unmergeKundeemner(deps, act),
    changeDealing: (act) => changeDealing(deps, act),
    changePolicies: (act) => changePolicies(deps, act),
    linkEntity: (act) => linkEntity(deps, act),
    lookup: (wanted) => lookup(deps, wanted),
    lookupRecord: (act) => lookupRecord(deps, act),
    takeHit: (act) => takeHit(deps, act),
    convert: (act) => convert(deps, conversions, act),
    readCodeLists: (connection) => readCodeLists(deps, connection),
    unknownCodes: (values) => unknownCodes(deps, values),
    planConversion: (act) => planConversion(deps, act),
    unlink: (act) => unlink(deps, act),
    decideReview: (act) => decideReview(deps, act),
    decideMany: (act) => decideMany(deps, act),
    pauseConnection: (act) => pauseConnection(deps, act),
    resumeConnection: (act) => resumeConnection(deps, act),
    pauseAll: (act) => pauseAll(deps, act),
    startRun: (act) => startRun(deps, act),
    startDuplicateSearch: (act) => startDuplicateSearch(deps, act),
    startUndo: (act) => startUndo(deps, act),
    release: (act) => release(deps, act),
    testConnection: (name) => testConnection(deps, name),
    retryQuarantined: (act) => retryQuarantined(deps, act),
    leaseOutbound: (act) => leaseOutbound(deps, act),
    receiptOutbound: (at, receipts) => receiptOutbound(deps, at, receipts),
    openImport: (act) => openImport(deps, act),
    correctImport: (id, wishes) => correctImport(deps, id, wishes),
    tryImport: ({ id, by }) => tryImport(deps, id, by),
    applyImport: ({ id, ...wish }) => applyImport(deps, id, wish),
    openSnapshot: (act) => openSnapshot(deps, act),
    completeSnapshot: (act) => completeSnapshot(deps, act),
    explain: (question) => explain(deps, question),
  };
}
