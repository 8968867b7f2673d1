// The machines that jobs run on, none while there is no job, and machines for notebooks.

import { Cluster, Texts, Workstations } from '../types.bicep'

@description('Required. Azure region.')
param location string

@description('Required. Tags of every resource.')
param tags Texts

@description('Required. Name of the workspace.')
param workspaceName string

@description('Required. Resource ID of the identity that jobs act as.')
param identityId string

@description('Required. Clusters for jobs.')
param clusters Cluster[]

@description('Required. Machines for notebooks.')
param workstations Workstations

@description('Required. Whether machines have no public address.')
param closed bool

// 2026-05-01: the first stable version with idleTimeBeforeShutdown.
resource workspace 'Microsoft.MachineLearningServices/workspaces@2026-05-01' existing = {
  name: workspaceName
}

resource cluster 'Microsoft.MachineLearningServices/workspaces/computes@2026-05-01' = [
  for size in clusters: {
    parent: workspace
    name: size.name
    location: location
    tags: tags
    identity: {
      type: 'UserAssigned'
      userAssignedIdentities: {
        '${identityId}': {}
      }
    }
    properties: {
      computeType: 'AmlCompute'
      computeLocation: location
      disableLocalAuth: true
      properties: {
        vmSize: size.vm_size
        vmPriority: 'Dedicated'
        enableNodePublicIp: !closed
        remoteLoginPortPublicAccess: 'Disabled'
        scaleSettings: {
          minNodeCount: 0
          maxNodeCount: size.max_nodes
          nodeIdleTimeBeforeScaleDown: 'PT${size.idle_minutes}M'
        }
      }
    }
  }
]

// One for each person, who alone may use it and acts as themselves there. Its name is unique in the region.
resource workstation 'Microsoft.MachineLearningServices/workspaces/computes@2026-05-01' = [
  for person in items(workstations.?people ?? {}): {
    parent: workspace
    name: take('${person.key}-${last(split(workspaceName, '-'))}', 24)
    location: location
    tags: tags
    properties: {
      computeType: 'ComputeInstance'
      computeLocation: location
      disableLocalAuth: true
      properties: {
        vmSize: workstations.vm_size
        applicationSharingPolicy: 'Personal'
        computeInstanceAuthorizationType: 'personal'
        personalComputeInstanceSettings: {
          assignedUser: {
            objectId: person.value
            tenantId: tenant().tenantId
          }
        }
        sshSettings: {
          sshPublicAccess: 'Disabled'
        }
        enableNodePublicIp: !closed
        idleTimeBeforeShutdown: 'PT${workstations.idle_minutes}M'
      }
    }
  }
]
