// Who may do what: the rows of tables/roles.yml that count in this environment, assigned where they may be, and listed for
// the owners of all other resources.

import { Groups, Principals, RoleTable, Stores, Texts } from '../types.bicep'

@description('Required. Name of the environment.')
param environment string

@description('Required. tables/roles.yml.')
param table RoleTable

@description('Required. Whether each condition of the table holds, by its name.')
param conditions {
  @description('Required. Each of them.')
  *: bool
}

@description('Optional. ID of the role that the table calls autoscale.')
param autoscaleRoleId string?

@description('Required. Resource IDs of what roles count for, by its name in the table.')
param scopes Texts

@description('Required. Resource IDs of the machines\' identities, by their name in the table: an assignment\'s name is made of them.')
param machines Texts

@description('Required. Object IDs of the machines.')
param principals Principals

@description('Required. Object IDs of groups of people.')
param groups Groups

@description('Required. Names in the table of resources that other teams own: roles there are listed, not assigned.')
param given string[]

@description('Required. Storage of yours that jobs read.')
param sources Stores

@description('Required. Storage of yours that jobs write.')
param targets Stores

@description('Required. false: all roles are listed.')
param assignRoles bool

@description('Required. Whether roles are assigned that only people give, and those outside this resource group.')
param givesOwnersRights bool

@description('Required. Subscription of the Azure ML registry.')
param registrySubscription string

@description('Required. Resource group of the Azure ML registry.')
param registryGroup string

@description('Optional. The group that Azure made behind it.')
param registryManagedGroup string?

@description('Optional. Resource group of the lake with production data, where jobs read it.')
param productionGroup string?

// A group that has no ID yet gets no role.
var people = toObject(filter(items(groups), group => group.value != null), group => group.key, group => group.value)
var holders = union(machines, people)
var roleIds = union(table.roles, autoscaleRoleId == null ? {} : { autoscale: autoscaleRoleId })

// The identity that builds infrastructure gives the roles of this table to machines and groups, and takes them away:
// neither those by which it could give itself more, nor any to itself.
var givenRoles = map(
  filter(items(roleIds), role => !contains(table.given_by_people_only, role.key)),
  role => role.value
)
var givenRoleIds = join(sort(givenRoles, (one, other) => one < other), ', ')
var limits = map(
  [{ action: 'write', of: 'Request' }, { action: 'delete', of: 'Resource' }],
  change =>
    '(!(ActionMatches{\'Microsoft.Authorization/roleAssignments/${change.action}\'}) OR (@${change.of}[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {${givenRoleIds}} AND @${change.of}[Microsoft.Authorization/roleAssignments:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {\'ServicePrincipal\', \'Group\'} AND @${change.of}[Microsoft.Authorization/roleAssignments:PrincipalId] ForAllOfAllValues:GuidNotEquals {{holder}}))'
)

// Roles on a container that the lake does not have count nowhere.
var counted = filter(
  table.grants,
  row =>
    contains(row.?in ?? [environment], environment) && contains(holders, row.who) && empty(filter(
      row.?when ?? [],
      condition => !conditions[condition]
    )) && (!startsWith(row.on, 'data_lake/') || contains(scopes, row.on))
)
var rows = map(counted, row => {
  on: row.on
  who: row.who
  group: contains(table.people, row.who)
  title: row.role
  role: roleIds[row.role]
  scope: scopes[row.on]
  name: guid(scopes[row.on], holders[row.who], row.role)
  why: row.why
  condition: row.role == 'Role Based Access Control Administrator' ? join(limits, ' AND ') : null
})
var assigned = filter(
  rows,
  row =>
    assignRoles && !contains(given, row.on) && (givesOwnersRights || !contains(table.given_by_people_only, row.title))
)
var ofStores = concat(
  map(items(sources), store => {
    store: store.value
    on: 'data.sources.${store.key}'
    role: 'Storage Blob Data Reader'
    why: 'reads data'
  }),
  map(items(targets), store => {
    store: store.value
    on: 'data.targets.${store.key}'
    role: 'Storage Blob Data Contributor'
    why: 'writes data'
  })
)
var listed = concat(
  filter(rows, row => !assignRoles || contains(given, row.on)),
  map(filter(ofStores, row => row.store.kind != 'onelake'), row => {
    on: row.on
    who: 'jobs'
    group: false
    title: row.role
    role: roleIds[row.role]
    scope: row.store.id
    why: row.why
  })
)
var principalIds = union(principals, people)

// What the roles count for is in this group, in the registry's, in the one behind it, or in that of production data.
var elsewhere = ['ml_registry', 'ml_registry_group', 'production_lake']

module here 'role-assignments.json' = {
  name: 'role-assignments'
  params: {
    rows: filter(assigned, row => !contains(elsewhere, row.on))
    principals: principalIds
  }
}

module onRegistry 'role-assignments.json' = if (givesOwnersRights) {
  name: 'role-assignments-${environment}-registry'
  scope: resourceGroup(registrySubscription, registryGroup)
  params: {
    rows: filter(assigned, row => row.on == 'ml_registry')
    principals: principalIds
  }
}

module behindRegistry 'role-assignments.json' = if (givesOwnersRights && registryManagedGroup != null) {
  name: 'role-assignments-${environment}-behind-registry'
  scope: resourceGroup(registrySubscription, registryManagedGroup ?? 'none')
  params: {
    rows: filter(assigned, row => row.on == 'ml_registry_group')
    principals: principalIds
  }
}

module onProduction 'role-assignments.json' = if (givesOwnersRights && productionGroup != null) {
  name: 'role-assignments-${environment}-production'
  scope: resourceGroup(productionGroup ?? 'none')
  params: {
    rows: filter(assigned, row => row.on == 'production_lake')
    principals: principalIds
  }
}

@description('Commands for whoever may assign roles, by row.')
output commands Texts = toObject(
  listed,
  row => '${row.who}: ${row.title} on ${row.on}, because: ${row.why}',
  row =>
    'az role assignment create --assignee-object-id ${principalIds[row.who]} --assignee-principal-type ${row.group ? 'Group' : 'ServicePrincipal'} --role ${row.role} --scope ${row.scope}'
)
